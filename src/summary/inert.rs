//! Text in which nothing acts: neither Markdown, nor HTML, nor a table's bar, nor an address.

/// Signs that mean nothing inside a line, in any dialect; all others become entities. Among these
/// are `#` and `!`, by which Azure DevOps links work items, `$`, which begins a formula, and `:`,
/// which begins an address or an emoji.
const HARMLESS: &str = " ,;?/-'()=+%{}.";

/// Letters of a word, behind which a browser may break the line: one word must not push the other
/// columns of a table off the page.
const LONGEST_WORD: usize = 60;

/// The text on one line. What stands on lines of its own is parted by a dot.
pub(super) fn text(raw: &str) -> String {
    let lines: Vec<String> = raw
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(line)
        .collect();
    lines.join(" · ")
}

fn line(raw: &str) -> String {
    let mut safe = String::with_capacity(raw.len());
    let mut before = ' ';
    let mut word = 0;
    for c in raw.chars() {
        word = if c.is_whitespace() { 0 } else { word + 1 };
        if word > LONGEST_WORD {
            safe.push('\u{200b}');
            word = 1;
        }
        match c {
            c if c.is_control() => safe.push(' '),
            // `www.` begins an address, too.
            '.' if matches!(before, 'w' | 'W') => safe.push_str("&#46;"),
            c if c.is_ascii_punctuation() && !HARMLESS.contains(c) => {
                safe.push_str(&format!("&#{};", u32::from(c)));
            }
            c => safe.push(c),
        }
        before = c;
    }
    safe
}

/// An address of ours as the target of a link: what could end the target is escaped.
pub(super) fn link(url: &str) -> String {
    let mut safe = String::new();
    for c in url.chars() {
        match c {
            '(' | ')' | '<' | '>' | ' ' | '"' | '\'' | '|' | '\\' => {
                safe.push_str(&format!("%{:02X}", u32::from(c)));
            }
            c if c.is_control() => {}
            c => safe.push(c),
        }
    }
    if safe.starts_with("https://") || safe.starts_with("http://") {
        safe
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        let hostile = "<script>|x|\n[a](https://evil.example)![p](q) `c` **b** # h _i_ ~~s~~ \\| $x$ :x: a@b.c www.evil.example &lt;";
        let safe = text(hostile);
        for sign in [
            "<", ">", "|", "](", "*", "`", "://", "#h", "_", "~", "\\", "$", ":x", "@", "www.",
            "\n", "&lt",
        ] {
            assert!(!safe.contains(sign), "{sign} in {safe}");
        }
    }

    #[test]
    fn what_people_read_stays_readable() {
        assert_eq!(
            text("Test Cases/Shop/Pay (2 items, 10 %)\r\n\n  'a' = b.c()"),
            "Test Cases/Shop/Pay (2 items, 10 %) · 'a' = b.c()"
        );
    }

    #[test]
    fn a_very_long_word_can_be_broken() {
        let word = "x".repeat(130);
        let parts: Vec<usize> = text(&word).split('\u{200b}').map(str::len).collect();
        assert_eq!(parts, [60, 60, 10]);
        assert_eq!(text(&"x".repeat(60)).len(), 60);
    }

    #[test]
    fn a_link_leads_only_to_a_web_address() {
        assert_eq!(link("https://a/b c)|"), "https://a/b%20c%29%7C");
        assert_eq!(link("javascript:alert(1)"), "");
    }
}

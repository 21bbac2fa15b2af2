//! Groovy source, in which Katalon writes the values of variables.

use std::borrow::Cow;

use super::text::unescape_java;

/// A Groovy literal as the value it stands for; anything that is no quoted string as it is.
pub(crate) fn groovy_value(literal: &str) -> Cow<'_, str> {
    for quote in ["'''", "\"\"\"", "'", "\""] {
        let inner = literal
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner {
            return unescape_java(inner);
        }
    }
    literal.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_lose_their_groovy_quotes_and_nothing_else() {
        for (literal, value) in [
            ("'ann'", "ann"),
            ("' with blanks '", " with blanks "),
            ("'it\\'s'", "it's"),
            ("\"x\"", "x"),
            ("'''a'b'''", "a'b"),
            ("''", ""),
            ("'", "'"),
            ("7.570877202E9", "7.570877202E9"),
            ("findTestData('a')", "findTestData('a')"),
        ] {
            assert_eq!(groovy_value(literal), value, "{literal}");
        }
    }
}

//! A table for the log: cells in columns that stand under each other.
//!
//! It holds texts as they are; whoever writes it makes them safe first (see
//! [`Pipeline::table`](crate::pipeline::Pipeline::table)).

/// Between two columns.
const GAP: &str = "  ";

/// No column is made narrower than this to fit a terminal: words would fall to pieces.
const NARROWEST: usize = 12;

/// A wider column is not lined up: one long cell would else make every row as long.
const WIDEST_LINED_UP: usize = 200;

/// What the first cell of a row says of the row: it has a colour where there are any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing.
    #[default]
    Plain,
    /// All is well.
    Good,
    /// Something is wrong.
    Bad,
    /// Worth a look.
    Attention,
}

impl Tone {
    /// A text in this colour: the sequence that a terminal understands.
    pub fn painted(self, text: &str) -> String {
        let colour = match self {
            Tone::Plain => return text.to_owned(),
            Tone::Good => 32,
            Tone::Bad => 31,
            Tone::Attention => 33,
        };
        format!("\u{1b}[{colour}m{text}\u{1b}[0m")
    }
}

/// A table. Rows may have fewer cells than there are columns.
#[derive(Clone, Debug, Default)]
pub struct Table {
    heads: Vec<String>,
    rows: Vec<(Tone, Vec<String>)>,
}

impl Table {
    /// A table with these columns.
    pub fn new(heads: &[&str]) -> Self {
        Self {
            heads: heads.iter().map(|&head| head.to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row(&mut self, tone: Tone, cells: impl IntoIterator<Item = String>) {
        self.rows.push((tone, cells.into_iter().collect()));
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Each cell replaced; each is one line then.
    pub fn map(&self, change: impl Fn(&str) -> String) -> Self {
        let cells = |cells: &Vec<String>| cells.iter().map(|cell| change(cell)).collect();
        Self {
            heads: self.heads.clone(),
            rows: self
                .rows
                .iter()
                .map(|(tone, row)| (*tone, cells(row)))
                .collect(),
        }
    }

    /// The table as lines, with colours or without. Where it is wider than `columns`, the widest
    /// columns become narrower, and what stands in them goes on below; nothing is left out. A table
    /// of too many columns for that stays as wide as it is.
    pub fn lines(&self, coloured: bool, columns: Option<usize>) -> Vec<String> {
        let all = || std::iter::once(&self.heads).chain(self.rows.iter().map(|(_, cells)| cells));
        let width = |column: usize| {
            let cells = all().filter_map(|cells| cells.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let number = all().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..number).map(width).collect();
        let widths = columns
            .and_then(|columns| narrowed(&widths, columns))
            .unwrap_or(widths);
        let line = |tone: Tone, cells: &[String]| {
            let mut line = String::new();
            for (at, (cell, width)) in cells.iter().zip(&widths).enumerate() {
                if at > 0 {
                    line.push_str(GAP);
                }
                // The colour has no width, so it comes before the blanks are counted.
                let width = *width.min(&WIDEST_LINED_UP);
                let blanks = " ".repeat(width.saturating_sub(cell.chars().count()));
                if at == 0 && coloured && !cell.is_empty() {
                    line.push_str(&tone.painted(cell));
                } else {
                    line.push_str(cell);
                }
                line.push_str(&blanks);
            }
            line.trim_end().to_owned()
        };
        let row = |tone: Tone, cells: &[String]| -> Vec<String> {
            let cells = cells.iter().zip(&widths);
            let broken: Vec<Vec<String>> =
                cells.map(|(cell, width)| broken(cell, *width)).collect();
            let most = broken.iter().map(Vec::len).max().unwrap_or(0);
            let part = |at: usize| -> Vec<String> {
                let cells = broken.iter();
                cells
                    .map(|cell| cell.get(at).cloned().unwrap_or_default())
                    .collect()
            };
            (0..most).map(|at| line(tone, &part(at))).collect()
        };
        let rules = widths.iter().map(|width| *width.min(&WIDEST_LINED_UP));
        let rule: Vec<String> = rules.map(|width| "-".repeat(width)).collect();
        let mut lines = row(Tone::Plain, &self.heads);
        lines.push(line(Tone::Plain, &rule));
        let rows = self.rows.iter();
        lines.extend(rows.flat_map(|(tone, cells)| row(*tone, cells)));
        lines
    }
}

/// Widths with which all columns and the gaps between fit; `None` if there are none.
fn narrowed(widths: &[usize], columns: usize) -> Option<Vec<usize>> {
    let gaps = GAP.len() * widths.len().saturating_sub(1);
    let room = columns.checked_sub(gaps)?;
    let mut widths = widths.to_vec();
    while widths.iter().sum::<usize>() > room {
        let widest = widths.iter_mut().max()?;
        if *widest <= NARROWEST {
            return None;
        }
        *widest -= 1;
    }
    Some(widths)
}

/// A cell as lines of at most this width, broken between words where that is possible.
fn broken(cell: &str, width: usize) -> Vec<String> {
    let length = |text: &str| text.chars().count();
    if length(cell) <= width {
        return vec![cell.to_owned()];
    }
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in cell.split(' ') {
        if !line.is_empty() && length(&line) + 1 + length(word) > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for letter in word.chars() {
            if length(&line) == width {
                lines.push(std::mem::take(&mut line));
            }
            line.push(letter);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["", "ID", "Title"]);
        table.row(Tone::Good, ["ok", "41", "Đăng nhập"].map(str::to_owned));
        table.row(Tone::Bad, ["wrong", "4200"].map(str::to_owned));
        table
    }

    #[test]
    fn columns_stand_under_each_other_and_nothing_trails() {
        assert_eq!(
            table().lines(false, None),
            [
                "       ID    Title",
                "-----  ----  ---------",
                "ok     41    Đăng nhập",
                "wrong  4200",
            ]
        );
    }

    #[test]
    fn one_long_cell_makes_no_other_row_long() {
        let mut table = Table::new(&["Title", "ID"]);
        let long = "x".repeat(10_000);
        table.row(Tone::Plain, [long.clone(), "41".to_owned()]);
        table.row(Tone::Plain, ["Short", "42"].map(str::to_owned));
        let lines = table.lines(false, None);
        assert_eq!(lines[2], format!("{long}  41"));
        assert_eq!(lines[3].len(), WIDEST_LINED_UP + "  42".len());
        assert_eq!(lines[1], format!("{}  --", "-".repeat(WIDEST_LINED_UP)));
    }

    #[test]
    fn a_cell_that_is_too_wide_goes_on_below_and_nothing_is_lost() {
        let mut table = Table::new(&["", "ID", "Title", "Found"]);
        table.row(
            Tone::Bad,
            [
                "wrong",
                "4200",
                "Test Cases/Checkout/Pay",
                "has no point with the configuration 'Linux'",
            ]
            .map(str::to_owned),
        );
        table.row(Tone::Good, ["ok", "41", "Short"].map(str::to_owned));
        assert_eq!(
            table.lines(false, Some(50)),
            [
                "       ID    Title               Found",
                "-----  ----  ------------------  -----------------",
                "wrong  4200  Test                has no point with",
                "             Cases/Checkout/Pay  the configuration",
                "                                 'Linux'",
                "ok     41    Short",
            ]
        );
        assert_eq!(
            table.lines(true, Some(50))[3],
            table.lines(false, Some(50))[3]
        );
        // Wide enough, or hopeless: as it is.
        let whole = table.lines(false, None);
        let widest = whole.iter().map(|line| line.chars().count()).max().unwrap();
        assert_eq!(table.lines(false, Some(widest)), whole);
        assert_eq!(table.lines(false, Some(36)), whole);
        assert_ne!(table.lines(false, Some(39)), whole);
    }

    #[test]
    fn a_word_that_is_too_long_is_broken_where_the_line_ends() {
        assert_eq!(
            broken("an endless-word in it", 8),
            ["an", "endless-", "word in", "it"]
        );
        assert_eq!(broken("fits", 4), ["fits"]);
    }

    #[test]
    fn colours_do_not_move_the_columns() {
        let lines = table().lines(true, None);
        assert_eq!(lines[2], "\u{1b}[32mok\u{1b}[0m     41    Đăng nhập");
        assert_eq!(lines[3], "\u{1b}[31mwrong\u{1b}[0m  4200");
    }
}

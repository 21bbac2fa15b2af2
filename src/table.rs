//! A table for the log: cells in columns that stand under each other.
//!
//! It holds texts as they are; whoever writes it makes them safe first (see
//! [`Pipeline::table`](crate::pipeline::Pipeline::table)).

/// Between two columns.
const GAP: &str = "  ";

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

    /// The table as lines, with colours or without.
    pub fn lines(&self, coloured: bool) -> Vec<String> {
        let all = || std::iter::once(&self.heads).chain(self.rows.iter().map(|(_, cells)| cells));
        let width = |column: usize| {
            let cells = all().filter_map(|cells| cells.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let columns = all().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let line = |tone: Tone, cells: &Vec<String>| {
            let mut line = String::new();
            for (at, (cell, width)) in cells.iter().zip(&widths).enumerate() {
                if at > 0 {
                    line.push_str(GAP);
                }
                // The colour has no width, so it comes before the blanks are counted.
                let blanks = " ".repeat(width - cell.chars().count());
                match (at, coloured) {
                    (0, true) => line.push_str(&tone.painted(cell)),
                    _ => line.push_str(cell),
                }
                line.push_str(&blanks);
            }
            line.trim_end().to_owned()
        };
        let rule = widths.iter().map(|width| "-".repeat(*width)).collect();
        let head = [line(Tone::Plain, &self.heads), line(Tone::Plain, &rule)];
        let rows = self.rows.iter().map(|(tone, cells)| line(*tone, cells));
        head.into_iter().chain(rows).collect()
    }
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
            table().lines(false),
            [
                "       ID    Title",
                "-----  ----  ---------",
                "ok     41    Đăng nhập",
                "wrong  4200",
            ]
        );
    }

    #[test]
    fn colours_do_not_move_the_columns() {
        let lines = table().lines(true);
        assert_eq!(lines[2], "\u{1b}[32mok\u{1b}[0m     41    Đăng nhập");
        assert_eq!(lines[3], "\u{1b}[31mwrong\u{1b}[0m  4200");
    }
}

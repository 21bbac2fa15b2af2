//! A plain table: columns as wide as their widest cell, the last one as it comes.

/// Characters that a column is made wide for; longer cells push the rest of their line.
const WIDEST: usize = 60;

/// Rows of cells under a head.
#[derive(Debug)]
pub(super) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub(super) fn new(head: &[&str]) -> Self {
        Self {
            head: head.iter().map(|&name| name.to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row. A name of several lines would else break the table.
    pub(super) fn row<const N: usize>(&mut self, cells: [String; N]) {
        let one_line = |cell: String| cell.replace(|c: char| c.is_control(), " ");
        self.rows.push(cells.map(one_line).into());
    }

    /// The table with its head, a rule, and how many rows there are.
    pub(super) fn text(&self) -> String {
        let lines = || std::iter::once(&self.head).chain(&self.rows);
        let widths: Vec<usize> = (0..self.head.len())
            .map(|column| {
                let cells = lines().filter_map(|row| row.get(column));
                let widest = cells.map(|cell| cell.chars().count()).max();
                widest.unwrap_or_default().min(WIDEST)
            })
            .collect();
        let rule: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
        let mut text = String::new();
        let all = std::iter::once(&self.head)
            .chain(std::iter::once(&rule))
            .chain(&self.rows);
        for row in all {
            let cells = row.iter().zip(&widths);
            let line: Vec<String> = cells
                .map(|(cell, &width)| format!("{cell:<width$}"))
                .collect();
            text.push_str(line.join("  ").trim_end());
            text.push('\n');
        }
        let rows = crate::problem::counted(self.rows.len(), "row");
        text.push_str(&rows);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_letters_and_not_by_bytes() {
        let mut table = Table::new(&["ID", "Name", "End"]);
        table.row(["7", "Đăng nhập", "x"].map(str::to_owned));
        table.row(["1200", "a\nb", ""].map(str::to_owned));
        assert_eq!(
            table.text(),
            "ID    Name       End\n----  ---------  ---\n7     Đăng nhập  x\n1200  a b\n2 rows"
        );
    }
}

//! Arguments, variables and the working directory, copied once.
//!
//! The only module that reads the process environment: everything else takes an [`Environment`],
//! so that tests hand in their own and two reads can never disagree.

use std::collections::BTreeMap;
use std::fmt;
use std::io::IsTerminal;
use std::path::PathBuf;

/// What the process was started with.
#[derive(Clone, Default)]
pub struct Environment {
    /// The arguments, without the program's name.
    pub args: Vec<String>,
    /// The variables as they came, untrimmed. On Windows, where case means nothing, in upper case.
    pub vars: BTreeMap<String, String>,
    /// The folder that relative paths begin at.
    pub current_dir: PathBuf,
    /// Somebody looks at standard output as it is written.
    pub out_is_terminal: bool,
    /// Somebody looks at standard error as it is written.
    pub err_is_terminal: bool,
    /// How many letters a line of the terminal holds; `None` without one, or where it does not tell.
    pub terminal_columns: Option<usize>,
}

impl Environment {
    /// Copies what this process was started with. Text that is no Unicode is taken as far as it
    /// goes: a foreign variable must not keep the results of a test run from being published.
    pub fn from_process() -> Self {
        let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        let mut vars: BTreeMap<String, String> = std::env::vars_os()
            .map(|(name, value)| (variable_name(lossy(name)), lossy(value)))
            .collect();
        // Shells know the name of the machine but rarely export it.
        if !vars.contains_key("COMPUTERNAME")
            && !vars.contains_key("HOSTNAME")
            && let Some(name) = host_name_of_the_system()
        {
            vars.insert("HOSTNAME".to_owned(), name);
        }
        Self {
            args: std::env::args_os().skip(1).map(lossy).collect(),
            vars,
            current_dir: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            out_is_terminal: std::io::stdout().is_terminal(),
            err_is_terminal: std::io::stderr().is_terminal(),
            terminal_columns: terminal_size::terminal_size()
                .map(|(terminal_size::Width(columns), _)| usize::from(columns)),
        }
    }

    /// A variable without blanks around it; `None` if it is missing or empty, since the agent
    /// sets the inputs that nobody gave to the empty text.
    pub fn var(&self, name: &str) -> Option<&str> {
        let value = self.vars.get(name)?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// The same, whatever the case of its name: the agent names some variables in lower case,
    /// which are in upper case on Windows.
    pub fn var_in_any_case(&self, name: &str) -> Option<&str> {
        let is_it = |known: &&String| known.eq_ignore_ascii_case(name);
        self.var(self.vars.keys().find(is_it)?)
    }

    /// Whether a variable says `true`, in any case.
    pub fn is_true(&self, name: &str) -> bool {
        self.var(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The name of this machine; empty if nothing tells it.
    pub fn machine(&self) -> &str {
        self.var("COMPUTERNAME")
            .or_else(|| self.var("HOSTNAME"))
            .unwrap_or("")
    }
}

fn variable_name(name: String) -> String {
    if cfg!(windows) {
        name.to_uppercase()
    } else {
        name
    }
}

fn host_name_of_the_system() -> Option<String> {
    ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .iter()
        .filter_map(|file| std::fs::read_to_string(file).ok())
        .map(|name| name.trim().to_owned())
        .find(|name| !name.is_empty())
}

/// Names only: the values hold tokens and passwords.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("args", &self.args.len())
            .field("vars", &self.vars.keys().collect::<Vec<_>>())
            .field("current_dir", &self.current_dir)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(vars: &[(&str, &str)]) -> Environment {
        Environment {
            vars: vars
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            ..Environment::default()
        }
    }

    #[test]
    fn a_variable_is_trimmed_and_an_empty_one_is_not_given() {
        let environment = with(&[("A", "  x y \n"), ("B", "  "), ("C", "")]);
        assert_eq!(environment.var("A"), Some("x y"));
        assert_eq!(environment.var("B"), None);
        assert_eq!(environment.var("C"), None);
        assert_eq!(environment.var("D"), None);
    }

    #[test]
    fn the_debug_text_holds_no_value() {
        let mut environment = with(&[("SECRET_PASSWORD", "hunter2")]);
        environment.args = vec!["--password=hunter2".to_owned()];
        let text = format!("{environment:?} {environment:#?}");
        assert!(text.contains("SECRET_PASSWORD"));
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn the_machine_is_known_by_either_name() {
        assert_eq!(with(&[("COMPUTERNAME", "AGENT-1")]).machine(), "AGENT-1");
        assert_eq!(with(&[("HOSTNAME", "agent-2")]).machine(), "agent-2");
        assert_eq!(with(&[]).machine(), "");
    }

    #[test]
    fn the_process_has_a_working_directory_and_no_program_name_among_the_arguments() {
        let environment = Environment::from_process();
        assert!(environment.current_dir.is_absolute());
        let program = std::env::args().next().unwrap_or_default();
        assert!(!environment.args.contains(&program));
    }
}

//! What stands behind the options in `--help`: a manual page's other sections.

/// Of the program.
pub(super) const OF_PROGRAM: &str = "\
Examples:
  katalon-ado verify --organization https://dev.azure.com/contoso --project Shop --test-plan 510
      Says what of publishing to that plan would not work. Writes nothing to Azure DevOps.
  katalon-ado publish --project Shop --build-number 20260901.3 --dry-run
      Prints what would be sent, and sends nothing.
  katalon-ado publish --project Shop --build-number 20260901.3
      Publishes the Katalon reports below the current folder as test runs of that build.

Environment:
  AZURE_DEVOPS_EXT_PAT      the access token, outside of pipelines; it is never an option
  AZURE_DEVOPS_ORG_URL      where Azure DevOps is, where '--organization' is not given
  INPUT_TESTPLAN            and so on: every option as the variable of a task input
  HTTPS_PROXY, NO_PROXY     the way there, where no agent tells one
  NO_COLOR                  no colours on a terminal
  COLUMNS                   how wide the terminal is, where it is not to be asked
  TF_BUILD                  set by an agent: the output is for Azure Pipelines

Exit codes:
  0    done
  1    published, and tests did not pass, and that is to fail
  2    inputs are wrong
  3    no report, or one that cannot be read
  4    Azure DevOps refused or could not be reached: nothing is published
  5    some results are published, others are not
  6    'verify' found something wrong, or results reach no test point and that is to fail
  130  cancelled

Each problem has a code, such as KADO210: TROUBLESHOOTING.md says what to do.";

/// Of `verify`.
pub(super) const OF_VERIFY: &str = "\
It reads what 'publish' would read: connection, identity, project, build, plan, suites,
configurations, and the points of every test case ID in the Katalon project. Nothing is written to
Azure DevOps, so permissions to write cannot be tried; they are listed.

Examples:
  katalon-ado verify --project Shop --test-plan 'Release 4'
  katalon-ado verify --project Shop --test-plan 510 --suggest-mapping ids.csv
      Writes a file for '--test-case-mapping' as well.

Exit codes:
  0    nothing speaks against publishing
  2    inputs are wrong
  4    Azure DevOps refused or could not be reached
  6    something is wrong; each is told with its code
  130  cancelled";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit_code::ExitCode;

    #[test]
    fn every_exit_code_stands_in_the_manual() {
        let (_, codes) = OF_PROGRAM.split_once("Exit codes:\n").unwrap();
        let codes: Vec<u8> = codes
            .lines()
            .map_while(|line| line.split_whitespace().next()?.parse().ok())
            .collect();
        let mut all = ExitCode::WORST_FIRST.map(ExitCode::number);
        all.sort_unstable();
        assert_eq!(codes, all);
    }
}

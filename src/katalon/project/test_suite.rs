//! Reads a `.ts` file: a test suite with its test cases, one that is a query, or a collection.

use std::io::Read;

use super::super::xml_tree::{self, Element};

/// What a `.ts` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestSuite {
    /// What it executes.
    pub content: SuiteContent,
    /// How often it may be executed again.
    pub reruns: u32,
    /// Whether a test case is executed again at once, and not after the whole suite.
    pub reruns_immediately: bool,
    /// Whether only test cases that failed are executed again.
    pub reruns_failed_only: bool,
}

/// What a suite executes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SuiteContent {
    /// These test cases, in order; one may stand there twice.
    TestCases(Vec<TestCaseLink>),
    /// The test cases that a query finds, `tag=(smoke)`.
    Query(String),
    /// These suites: it is a collection.
    Suites(Vec<Member>),
}

/// A test case of a suite.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestCaseLink {
    /// Its path, `Test Cases/Login/Valid user`.
    pub test_case: String,
    /// Whether it is executed; its box may be cleared.
    pub runs: bool,
    /// Whether it has rows of test data.
    pub has_test_data: bool,
}

/// A suite of a collection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// Its path, `Test Suites/Smoke`.
    pub suite: String,
    /// Whether it is executed.
    pub runs: bool,
    /// Execution profile.
    pub profile: String,
    /// Run configuration, `Chrome`.
    pub run_configuration: String,
}

/// Reads the file.
pub fn read(source: impl Read) -> Result<TestSuite, String> {
    let root = xml_tree::read(source)?;
    let content = match root.name.as_str() {
        "TestSuiteEntity" => {
            SuiteContent::TestCases(root.all("testCaseLink").map(test_case_link).collect())
        }
        "FilteringTestSuiteEntity" => SuiteContent::Query(root.text_of("filteringText").to_owned()),
        "TestSuiteCollectionEntity" => {
            let members = root.child("testSuiteRunConfigurations");
            let members = members.into_iter().flat_map(|all| &all.children);
            SuiteContent::Suites(members.map(member).collect())
        }
        other => return Err(format!("it is no test suite but a '{other}'")),
    };
    let says = |name: &str| root.text_of(name) == "true";
    Ok(TestSuite {
        content,
        reruns: root.text_of("numberOfRerun").parse().unwrap_or(0),
        reruns_immediately: says("rerunImmediately"),
        reruns_failed_only: says("rerunFailedTestCasesOnly"),
    })
}

fn test_case_link(link: &Element) -> TestCaseLink {
    TestCaseLink {
        test_case: link.text_of("testCaseId").to_owned(),
        // Old versions do not write it: they knew no box to clear.
        runs: link.text_of("isRun") != "false",
        has_test_data: link.child("testDataLink").is_some(),
    }
}

fn member(member: &Element) -> Member {
    let configured = |name: &str| {
        let configuration = member.child("configuration");
        configuration.map_or("", |one| one.text_of(name)).to_owned()
    };
    Member {
        suite: member.text_of("testSuiteEntity").to_owned(),
        runs: member.text_of("runEnabled") != "false",
        profile: configured("profileName"),
        run_configuration: configured("runConfigurationId"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_kinds_are_told_apart() {
        let suite = read(
            b"<TestSuiteEntity><numberOfRerun>2</numberOfRerun>\
              <rerunImmediately>true</rerunImmediately>\
              <testCaseLink><isRun>false</isRun><testCaseId>Test Cases/A</testCaseId></testCaseLink>\
              <testCaseLink><testCaseId>Test Cases/B</testCaseId><testDataLink/></testCaseLink>\
              </TestSuiteEntity>"
                .as_slice(),
        )
        .unwrap();
        assert_eq!((suite.reruns, suite.reruns_immediately), (2, true));
        let SuiteContent::TestCases(links) = suite.content else {
            panic!("{suite:?}");
        };
        let links: Vec<(&str, bool, bool)> = links
            .iter()
            .map(|link| (link.test_case.as_str(), link.runs, link.has_test_data))
            .collect();
        assert_eq!(
            links,
            [("Test Cases/A", false, false), ("Test Cases/B", true, true)]
        );

        let query = b"<FilteringTestSuiteEntity><filteringText>tag=(a) </filteringText>\
            </FilteringTestSuiteEntity>";
        let content = read(query.as_slice()).unwrap().content;
        assert_eq!(content, SuiteContent::Query("tag=(a)".to_owned()));

        let collection = b"<TestSuiteCollectionEntity><testSuiteRunConfigurations>\
            <TestSuiteRunConfiguration><configuration><profileName>staging</profileName>\
            <runConfigurationId>Chrome</runConfigurationId></configuration>\
            <runEnabled>false</runEnabled><testSuiteEntity>Test Suites/S</testSuiteEntity>\
            </TestSuiteRunConfiguration></testSuiteRunConfigurations></TestSuiteCollectionEntity>";
        let SuiteContent::Suites(members) = read(collection.as_slice()).unwrap().content else {
            panic!("no collection");
        };
        assert_eq!(
            members,
            [Member {
                suite: "Test Suites/S".to_owned(),
                runs: false,
                profile: "staging".to_owned(),
                run_configuration: "Chrome".to_owned(),
            }]
        );
        assert!(read(b"<TestCaseEntity/>".as_slice()).is_err());
    }
}

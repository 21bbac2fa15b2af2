//! The call for test configurations.

use super::TestConfigurationId;
use super::call::Call;
use super::client::Client;
use super::reading::{Page, number, page, text};
use super::sent::Sent;
use super::test_plans::TEST_PLANS;

/// A test configuration as the service holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTestConfiguration {
    /// Its identity.
    pub id: TestConfigurationId,
    /// Its name.
    pub name: String,
    /// Not retired.
    pub is_active: bool,
    /// Given to new test cases.
    pub is_default: bool,
}

impl Client {
    /// The test configurations of a project, retired ones too; `next` goes on with the list.
    pub async fn test_configurations(
        &self,
        project: &str,
        next: Option<&str>,
    ) -> Sent<Page<StoredTestConfiguration>> {
        let path = vec![project, "_apis", "testplan", "configurations"];
        let call = Call::get(path).going_on_with(next).of(TEST_PLANS);
        self.fetch(call, |reply| {
            page(&reply, |item| {
                Ok(StoredTestConfiguration {
                    id: TestConfigurationId(number(item, "id")?),
                    name: text(item, "name"),
                    is_active: !text(item, "state").eq_ignore_ascii_case("inactive"),
                    is_default: item["isDefault"] == true,
                })
            })
        })
        .await
    }
}

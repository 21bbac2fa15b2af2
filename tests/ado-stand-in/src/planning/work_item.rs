//! Work items, as far as test cases are ones.

use serde_json::{Map, Value, json};

/// The fields of a test case that say how it is automated (contract §5).
pub(crate) const AUTOMATION: [&str; 5] = [
    "Microsoft.VSTS.TCM.AutomationStatus",
    "Microsoft.VSTS.TCM.AutomatedTestName",
    "Microsoft.VSTS.TCM.AutomatedTestStorage",
    "Microsoft.VSTS.TCM.AutomatedTestType",
    "Microsoft.VSTS.TCM.AutomatedTestId",
];

/// A work item.
#[derive(Debug, Clone)]
pub struct WorkItem {
    /// Its id.
    pub id: u64,
    /// `System.Rev`: goes up with each change.
    pub revision: u64,
    /// `System.WorkItemType`.
    pub kind: String,
    /// `System.Title`.
    pub title: String,
    /// Name of its project.
    pub project: String,
    /// `System.State`.
    pub state: String,
    /// In the recycle bin: it is answered like a work item that does not exist.
    pub deleted: bool,
    /// The identity may not see it: the same.
    pub hidden: bool,
    /// The identity may see it, and not change it.
    pub read_only: bool,
    /// Its other fields, by reference name.
    pub fields: Map<String, Value>,
}

impl WorkItem {
    /// A work item of that type in the project `Shop`.
    #[must_use]
    pub fn new(id: u64, kind: &str, title: &str) -> WorkItem {
        WorkItem {
            id,
            revision: 1,
            kind: kind.into(),
            title: title.into(),
            project: "Shop".into(),
            state: "Design".into(),
            deleted: false,
            hidden: false,
            read_only: false,
            fields: Map::new(),
        }
    }

    /// A test case that is not automated, in the project `Shop`.
    #[must_use]
    pub fn test_case(id: u64, title: &str) -> WorkItem {
        let case = WorkItem::new(id, "Test Case", title);
        case.field(AUTOMATION[0], "Not Automated")
    }

    /// The same work item with a field, by reference name.
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> WorkItem {
        self.fields.insert(name.into(), value.into());
        self
    }

    /// The same test case, automated by that test.
    #[must_use]
    pub fn automated(self, name: &str, storage: &str, kind: &str) -> WorkItem {
        self.field(AUTOMATION[0], "Automated")
            .field(AUTOMATION[1], name)
            .field(AUTOMATION[2], storage)
            .field(AUTOMATION[3], kind)
    }

    /// The same work item with tags, `a; b`.
    #[must_use]
    pub fn tags(self, tags: &str) -> WorkItem {
        self.field("System.Tags", tags)
    }

    /// The same work item with another revision.
    #[must_use]
    pub fn revision(mut self, revision: u64) -> WorkItem {
        self.revision = revision;
        self
    }

    /// The same work item in another project.
    #[must_use]
    pub fn in_project(mut self, project: &str) -> WorkItem {
        self.project = project.into();
        self
    }

    /// The same work item in the recycle bin.
    #[must_use]
    pub fn deleted(mut self) -> WorkItem {
        self.deleted = true;
        self
    }

    pub(crate) fn is_test_case(&self) -> bool {
        self.kind == "Test Case"
    }

    pub(crate) fn is_automated(&self) -> bool {
        self.fields.get(AUTOMATION[0]) == Some(&json!("Automated"))
    }

    /// The value of a field, by reference name; `None` where it is empty.
    pub(crate) fn value(&self, name: &str) -> Option<Value> {
        Some(match name {
            "System.Id" => json!(self.id),
            "System.Rev" => json!(self.revision),
            "System.WorkItemType" => json!(self.kind),
            "System.Title" => json!(self.title),
            "System.State" => json!(self.state),
            "System.TeamProject" => json!(self.project),
            "System.AreaPath" | "System.IterationPath" if !self.fields.contains_key(name) => {
                json!(self.project)
            }
            other => self.fields.get(other)?.clone(),
        })
    }
}

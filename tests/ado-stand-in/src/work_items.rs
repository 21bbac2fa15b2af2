//! Work items as they are read and changed (contract §5).

use crate::planning::WorkItem;
use crate::settings::Project;
use crate::state::State;

impl State {
    /// The work item with that id, if it is there for the identity, and in the project if one is given.
    pub(crate) fn work_item(&self, project: Option<&Project>, id: u64) -> Option<&WorkItem> {
        let item = self.holdings.work_items.get(&id)?;
        let seen = !item.deleted
            && !item.hidden
            && self.project(&item.project).is_ok()
            && project.is_none_or(|project| item.project.eq_ignore_ascii_case(&project.name));
        seen.then_some(item)
    }
}

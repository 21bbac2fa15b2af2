//! How a test puts plans and work items there, and changes them as somebody else would.

use super::{Configuration, Plan, Point, Suite, WorkItem};
use crate::Service;

impl Service {
    /// What was accepted though no publisher should do it: a point named twice, a result added to a run that had
    /// been created with its points.
    #[must_use]
    pub fn mistakes(&self) -> Vec<String> {
        self.state().mistakes.clone()
    }

    /// Adds a plan with its root suite, or replaces it. Nothing is checked, here and below.
    pub fn add_plan(&self, plan: Plan) {
        self.state().holdings.add_plan(plan);
    }

    /// Adds a suite to a plan that is there, or replaces it.
    pub fn add_suite(&self, suite: Suite) {
        self.state().holdings.add_suite(suite);
    }

    /// Adds a configuration, or replaces it.
    pub fn add_configuration(&self, configuration: Configuration) {
        let configurations = &mut self.state().holdings.configurations;
        configurations.insert(configuration.id, configuration);
    }

    /// Adds a test point to a suite that is there, or replaces it. A test case that is not there is made.
    pub fn add_point(&self, point: Point) {
        self.state().holdings.add_point(point);
    }

    /// Adds a work item, or replaces it.
    pub fn add_work_item(&self, item: WorkItem) {
        self.state().holdings.work_items.insert(item.id, item);
    }

    /// Changes a plan as somebody else would. False where there is none, here and below.
    pub fn edit_plan(&self, id: u64, change: impl FnOnce(&mut Plan)) -> bool {
        self.state()
            .holdings
            .plans
            .get_mut(&id)
            .map(change)
            .is_some()
    }

    /// Changes a configuration as somebody else would.
    pub fn edit_configuration(&self, id: u64, change: impl FnOnce(&mut Configuration)) -> bool {
        let configurations = &mut self.state().holdings.configurations;
        configurations.get_mut(&id).map(change).is_some()
    }

    /// Changes a test point as somebody else would.
    pub fn edit_point(&self, id: u64, change: impl FnOnce(&mut Point)) -> bool {
        self.state().holdings.edit_point(id, change)
    }

    /// Takes a test point away as somebody else would.
    pub fn remove_point(&self, id: u64) -> bool {
        self.state().holdings.remove_point(id)
    }

    /// Changes a work item as somebody else would; the revision goes up.
    pub fn edit_work_item(&self, id: u64, change: impl FnOnce(&mut WorkItem)) -> bool {
        let items = &mut self.state().holdings.work_items;
        let item = items.get_mut(&id);
        item.map(|item| {
            change(item);
            item.revision += 1;
        })
        .is_some()
    }

    /// A work item as it is stored.
    #[must_use]
    pub fn work_item(&self, id: u64) -> Option<WorkItem> {
        self.state().holdings.work_items.get(&id).cloned()
    }
}

//! Which build is published to: the running one, or another that the inputs name.

use super::context::Context;
use super::{NOTHING_PUBLISHED, nothing_done};
use crate::azure_devops::BuildId;
use crate::azure_devops::builds::StoredBuild;
use crate::azure_devops::explain::{self, Asker};
use crate::azure_devops::sent::Sent;
use crate::exit_code::ExitCode;
use crate::problem::{Problem, code, counted as count};
use crate::publish::{ReadFailure, cancelled, read_until_answered};

/// The build that runs belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TargetBuild {
    pub(super) id: BuildId,
    pub(super) number: String,
    /// It is the one that this job belongs to.
    pub(super) is_running: bool,
    /// The inputs name it.
    pub(super) is_named: bool,
}

impl Context<'_> {
    /// The build to publish to; `None` where there is none.
    pub(super) async fn target_build(&self) -> Result<Option<TargetBuild>, (ExitCode, Problem)> {
        let inputs = &self.invocation.inputs;
        let (client, project) = (self.client, self.project());
        let found = if let Some(id) = inputs.build_id.value {
            let id = BuildId(u64::from(id));
            let name = format!("build {id}");
            let build = self.read(&name, || client.build(project, id)).await?;
            build.ok_or_else(|| no_such_build(&name, project))?
        } else if let Some(number) = &inputs.build_number.value {
            self.build_with_number(number).await?
        } else {
            return Ok(self.running_build().map(|build| TargetBuild {
                id: BuildId(u64::from(build.id)),
                number: build.number.clone(),
                is_running: true,
                is_named: false,
            }));
        };
        let running = self.running_build().map(|build| u64::from(build.id));
        self.pipeline.line(&format!(
            "Build published to: {} (ID {})",
            found.number, found.id
        ));
        Ok(Some(TargetBuild {
            is_running: running == Some(found.id.0),
            is_named: true,
            id: found.id,
            number: found.number,
        }))
    }

    async fn build_with_number(&self, number: &str) -> Result<StoredBuild, (ExitCode, Problem)> {
        let (client, project) = (self.client, self.project());
        let definition = match (&self.invocation.build_definition, self.running_definition()) {
            (Some(given), _) => Some(given.clone()),
            (None, running) => running.map(|id| id.to_string()),
        };
        let name = format!("build '{number}'");
        let builds = self
            .read(&name, || {
                client.builds_with_number(project, number, definition.as_deref())
            })
            .await?
            .unwrap_or_default();
        match &builds[..] {
            [] => Err(no_such_build(&name, project)),
            [build] => Ok(build.clone()),
            several => {
                let listed: Vec<String> = several
                    .iter()
                    .map(|build| format!("ID {} of '{}'", build.id, build.definition))
                    .collect();
                Err((
                    ExitCode::WrongInputs,
                    Problem::error(
                        code::NO_SUCH_BUILD,
                        format!(
                            "{} in project '{project}' have the number '{number}': {}",
                            count(several.len(), "build"),
                            listed.join(", ")
                        ),
                        format!(
                            "Give 'buildId' instead, or the option '--build-definition'. {NOTHING_PUBLISHED}"
                        ),
                    ),
                ))
            }
        }
    }

    /// The definition of the running build; in another collection there may be another one of its ID.
    pub(super) fn running_definition(&self) -> Option<u32> {
        let definition = self.invocation.agent.definition;
        definition.filter(|_| !self.as_whom.is_elsewhere)
    }

    /// Reads something about builds; `None` if the service says that it is not there.
    async fn read<T, F>(
        &self,
        name: &str,
        ask: impl FnMut() -> F,
    ) -> Result<Option<T>, (ExitCode, Problem)>
    where
        F: Future<Output = Sent<T>>,
    {
        let retry_for = self.invocation.inputs.retry_for.value.duration();
        let asked = read_until_answered(
            self.waits,
            retry_for,
            self.client,
            self.pipeline,
            self.cancel,
            ask,
        )
        .await;
        match asked {
            Ok(Sent::Answered(value)) => Ok(Some(value)),
            Ok(Sent::Refused(refusal))
                if refusal.status == 404 && !refusal.is_project_missing() =>
            {
                self.pipeline.debug(&format!("{name}: {}", refusal.message));
                Ok(None)
            }
            Ok(Sent::Refused(refusal)) => Err((
                ExitCode::NotPublished,
                explain::refusal(self.client, &refusal, self.asker()),
            )),
            Ok(Sent::NotSent(trouble) | Sent::Unknown(trouble))
            | Err(ReadFailure::Trouble(trouble)) => Err((
                ExitCode::NotPublished,
                explain::trouble(self.client, &trouble, retry_for, NOTHING_PUBLISHED),
            )),
            Err(ReadFailure::Cancelled) => Err((ExitCode::Cancelled, cancelled())),
        }
    }

    pub(super) fn asker(&self) -> Asker<'_> {
        Asker {
            identity: &self.as_whom.name,
            project: self.project(),
            published: nothing_done(self.invocation),
        }
    }
}

fn no_such_build(name: &str, project: &str) -> (ExitCode, Problem) {
    (
        ExitCode::WrongInputs,
        Problem::error(
            code::NO_SUCH_BUILD,
            format!("there is no {name} in project '{project}', or it cannot be seen"),
            format!(
                "Correct 'buildId' or 'buildNumber'; a number is looked for in the running build's definition, outside a pipeline in all or in that of '--build-definition'. {NOTHING_PUBLISHED}"
            ),
        ),
    )
}

//! What belongs to the collection and not to a project: who is asking, projects, the list of resources.

use crate::answer::Answer;
use crate::errors::{Handled, Refusal};
use crate::routes::{self, Call, Resource, Token};
use crate::settings::Project;
use crate::state::State;
use crate::text;
use crate::version::{Release, Version};
use serde_json::{Value, json};

/// The id of the anonymous identity (contract §5).
const ANONYMOUS: &str = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa";
/// The id of the identity that the token belongs to.
pub(crate) const IDENTITY: &str = "c0ffee00-1111-4222-8333-444455556666";

const CONNECTION: Resource = Resource {
    methods: &["GET"],
    release: Release::Never,
    handler: connection_data,
    in_project: false,
    large_body: false,
};

const PROJECTS: Resource = Resource {
    release: Release::Always,
    handler: projects,
    ..CONNECTION
};

const PROJECT: Resource = Resource {
    handler: project,
    ..PROJECTS
};

/// What the area `test` holds, as `OPTIONS` tells it.
pub(crate) const OPTIONS: Resource = Resource {
    methods: &["OPTIONS"],
    release: Release::Always,
    handler: locations,
    in_project: false,
    large_body: false,
};

pub(crate) fn resource(area: &str, rest: &[&str]) -> Option<Resource> {
    match rest {
        [] if routes::is(area, "connectionData") => Some(CONNECTION),
        [] => Some(PROJECTS),
        [_] if routes::is(area, "projects") => Some(PROJECT),
        _ => None,
    }
}

fn connection_data(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    call.request
        .only_parameters(&["connectOptions", "lastChangeId", "lastChangeId64"])?;
    let settings = &state.settings;
    let user = if routes::token(state, call.request) == Token::Right {
        json!({
            "id": IDENTITY,
            "descriptor": format!("Microsoft.TeamFoundation.ServiceIdentity;{IDENTITY}:Build:{IDENTITY}"),
            "subjectDescriptor": "svc.c3RhbmQtaW4",
            "providerDisplayName": settings.identity,
            "isActive": true,
            "properties": {},
            "resourceVersion": 2,
            "metaTypeId": 0,
        })
    } else {
        json!({
            "id": ANONYMOUS,
            "descriptor": format!("System:PublicAccess;{ANONYMOUS}"),
            "subjectDescriptor": "sys.UHVibGljQWNjZXNz",
            "providerDisplayName": "Anonymous",
            "isActive": true,
            "properties": {},
            "resourceVersion": 2,
            "metaTypeId": 0,
        })
    };
    Ok(Answer::json(
        200,
        &json!({
            "authenticatedUser": user,
            "authorizedUser": user,
            "instanceId": "1a57a2ce-0000-4000-8000-000000000001",
            "deploymentId": "1a57a2ce-0000-4000-8000-000000000002",
            "deploymentType": if settings.hosted { "hosted" } else { "onPremises" },
            "locationServiceData": {
                "serviceOwner": "00025394-6065-48ca-87d9-7f5672854ef7",
                "defaultAccessMappingMoniker": "PublicAccessMapping",
                "lastChangeId": 1,
                "lastChangeId64": 1,
            },
        }),
    ))
}

fn projects(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    call.request
        .only_parameters(&["$skip", "$top", "stateFilter"])?;
    let visible = state
        .settings
        .projects
        .iter()
        .filter(|project| !project.hidden);
    let values = visible.map(|project| view(state, project)).collect();
    Ok(Answer::list(routes::paged(
        state,
        call.request,
        values,
        1000,
    )?))
}

fn project(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    call.request
        .only_parameters(&["includeCapabilities", "includeHistory"])?;
    let name_or_id = call.parts.last().copied().unwrap_or_default();
    let project = state.project(name_or_id)?;
    Ok(Answer::json(200, &view(state, project)))
}

fn view(state: &State, project: &Project) -> Value {
    json!({
        "id": project.id,
        "name": project.name,
        "url": format!("{}_apis/projects/{}", state.collection_url(), project.id),
        "state": "wellFormed",
        "revision": 12,
        "visibility": "private",
        "lastUpdateTime": "2026-01-05T09:00:00Z",
    })
}

fn locations(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    call.request.only_parameters(&["allHostTypes"])?;
    let newest = state.settings.max_api_version;
    let written = |version: Version| format!("{}.{}", version.0, version.1);
    let location = |number: u32, name: &str, route: &str, release: Release| {
        // 7.2 is a preview everywhere, so what is released there is 7.1.
        let released = if newest > (7, 1) { (7, 1) } else { newest };
        json!({
            "id": format!("4c4f4341-7e57-4000-8000-{number:012}"),
            "area": "Test",
            "resourceName": name,
            "routeTemplate": route,
            "resourceVersion": 1,
            "minVersion": "1.0",
            "maxVersion": written(newest),
            "releasedVersion": if release.contains(released) { written(released) } else { "0.0".into() },
        })
    };
    let attachments = crate::attachments::OF_RUN.release;
    Ok(Answer::list(vec![
        location(
            1,
            "Runs",
            "{project}/_apis/{area}/{resource}/{runId}",
            Release::Always,
        ),
        location(
            2,
            "Results",
            "{project}/_apis/{area}/Runs/{runId}/{resource}/{testCaseResultId}",
            Release::Always,
        ),
        location(
            3,
            "Attachments",
            "{project}/_apis/{area}/Runs/{runId}/{resource}/{attachmentId}",
            attachments,
        ),
        location(
            4,
            "Statistics",
            "{project}/_apis/{area}/Runs/{runId}/{resource}",
            Release::Always,
        ),
        location(
            5,
            "Points",
            "{project}/_apis/{area}/{resource}",
            crate::test_plans::POINTS_QUERY.release,
        ),
    ]))
}

/// The id in a reference to a project that stands in a body.
pub(crate) fn reference(state: &State, project: &Project) -> Value {
    json!({
        "id": project.id,
        "name": project.name,
        "url": format!("{}_apis/projects/{}", state.collection_url(), text::percent_encoded(&project.name)),
    })
}

/// Refuses a person whom the service does not know (contract §2.3: an identity that cannot be resolved).
pub(crate) fn known_identity(state: &State, identity: &Value, at: &str) -> Handled<()> {
    let known = |name: &str, value: &str| identity.get(name).is_none_or(|given| given == value);
    if known("id", IDENTITY)
        && known("displayName", &state.settings.identity)
        && known("uniqueName", &state.settings.identity)
    {
        return Ok(());
    }
    Err(Refusal::new(
        400,
        "IdentityNotFoundException",
        format!("TF50309: The identity in '{at}' cannot be resolved."),
    ))
}

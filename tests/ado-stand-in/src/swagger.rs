//! A second opinion on request bodies: Microsoft's own swagger, made strict, where its folder is at hand.

use crate::service::Recorded;
use crate::text;
use boon::{Compiler, Draft, ErrorKind, SchemaIndex, Schemas, ValidationError};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The folder with Microsoft's swagger files beside the working copy; `None` where it is missing.
#[must_use]
pub fn swagger_folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/specs");
    folder.is_dir().then_some(folder)
}

/// Where the recorded bodies differ from the swagger. `depth` is the number of parts in the collection's path.
pub(crate) fn violations(requests: &[Recorded], depth: usize) -> Vec<String> {
    let Some(folder) = swagger_folder() else {
        return Vec::new();
    };
    let mut swagger = match Swagger::read(&folder) {
        Ok(swagger) => swagger,
        Err(error) => return vec![error],
    };
    let mut violations = Vec::new();
    for (number, request) in requests.iter().enumerate() {
        if request.body.len() != request.body_length {
            continue;
        }
        for (place, body) in described(request, depth) {
            for violation in swagger.differences(place, &body) {
                violations.push(format!(
                    "request {} ({} {}): {violation}",
                    number + 1,
                    request.method,
                    request.path
                ));
            }
        }
    }
    violations
}

/// The parts of this request's body that a schema describes, each with the address of the schema.
fn described(request: &Recorded, depth: usize) -> Vec<(&'static str, Value)> {
    let parts: Vec<String> = request
        .path
        .trim_matches('/')
        .split('/')
        .skip(depth)
        .map(|part| text::percent_decoded(part).to_lowercase())
        .collect();
    // What lies in a project has its name first.
    let parts: Vec<&str> = parts
        .iter()
        .skip(usize::from(
            parts.first().is_some_and(|part| part != "_apis"),
        ))
        .map(String::as_str)
        .collect();
    let place = match (request.method.as_str(), parts.as_slice()) {
        ("POST", ["_apis", "test", "points"]) => "test#/definitions/TestPointsQuery",
        ("POST", ["_apis", "test", "runs"]) => "test#/definitions/RunCreateModel",
        ("PATCH", ["_apis", "test", "runs", _]) => "test#/definitions/RunUpdateModel",
        ("POST" | "PATCH", ["_apis", "test", "runs", _, "results"]) => RESULTS,
        (
            "POST",
            ["_apis", "test", "runs", _, "attachments"]
            | ["_apis", "test", "runs", _, "results", _, "attachments"],
        ) => "test#/definitions/TestAttachmentRequestModel",
        ("POST", ["_apis", "wit", "workitemsbatch"]) => {
            "workItemTracking#/definitions/WorkItemBatchGetRequest"
        }
        ("POST", ["_apis", "wit", "wiql"]) => "workItemTracking#/definitions/Wiql",
        // The batch is in no swagger, and a patch document is an object there that is a list at the same time; the
        // operations in it are as on the wire.
        ("PATCH", ["_apis", "wit", "$batch"]) => {
            let batch = request.json();
            let bodies = batch.as_array().into_iter().flatten();
            return bodies
                .flat_map(|one| one["body"].as_array().into_iter().flatten())
                .map(|operation| (OPERATION, operation.clone()))
                .collect();
        }
        _ => return Vec::new(),
    };
    vec![(place, request.json())]
}

/// The body of a write of results, by JSON pointer: `/` in the path is `~1`, braces are percent-encoded.
const RESULTS: &str = "test#/paths/~1%7Borganization%7D~1%7Bproject%7D~1_apis~1test~1Runs~1%7BrunId%7D~1results/post/parameters/1/schema";

const OPERATION: &str = "workItemTracking#/definitions/JsonPatchOperation";

struct Swagger {
    compiler: Compiler,
    schemas: Schemas,
    compiled: BTreeMap<&'static str, SchemaIndex>,
}

const ADDRESS: &str = "https://swagger.invalid/";

impl Swagger {
    fn read(folder: &Path) -> Result<Swagger, String> {
        let failed = |error: &dyn std::fmt::Display| format!("the swagger cannot be used: {error}");
        let mut compiler = Compiler::new();
        // Swagger 2.0 is made of JSON schema draft 4.
        compiler.set_default_draft(Draft::V4);
        for area in ["test", "workItemTracking"] {
            let path = folder.join(format!("strict/{area}-7.1.mock.json"));
            let text = std::fs::read(path).map_err(|error| failed(&error))?;
            let mut document: Value =
                serde_json::from_slice(&text).map_err(|error| failed(&error))?;
            allow_nulls(&mut document);
            compiler
                .add_resource(&format!("{ADDRESS}{area}"), document)
                .map_err(|error| failed(&error))?;
        }
        Ok(Swagger {
            compiler,
            schemas: Schemas::new(),
            compiled: BTreeMap::new(),
        })
    }

    fn differences(&mut self, place: &'static str, body: &Value) -> Vec<String> {
        let index = match self.compiled.get(place) {
            Some(index) => *index,
            None => match self
                .compiler
                .compile(&format!("{ADDRESS}{place}"), &mut self.schemas)
            {
                Ok(index) => {
                    self.compiled.insert(place, index);
                    index
                }
                Err(error) => return vec![format!("the swagger cannot be used: {error:#}")],
            },
        };
        let mut differences = Vec::new();
        if let Err(error) = self.schemas.validate(body, index) {
            leaves(&error, place, &mut differences);
        }
        differences
    }
}

/// `x-nullable` is Swagger 2.0's way of allowing `null`, which JSON schema does not know.
fn allow_nulls(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("x-nullable") == Some(&Value::Bool(true))
                && let Some(kind) = fields.get("type").cloned()
            {
                fields.insert("type".into(), vec![kind, "null".into()].into());
            }
            fields.values_mut().for_each(allow_nulls);
        }
        Value::Array(values) => values.iter_mut().for_each(allow_nulls),
        _ => (),
    }
}

/// The innermost errors, which say what is wrong and where.
fn leaves(error: &ValidationError<'_, '_>, schema: &str, differences: &mut Vec<String>) {
    for cause in &error.causes {
        leaves(cause, schema, differences);
    }
    let place = error.instance_location.to_string();
    if error.causes.is_empty() && !known_difference(schema, &place, &error.kind) {
        differences.push(format!("at '{place}': {}", error.kind));
    }
}

/// Where the swagger is wrong and the wire is right.
///
/// - The value of a custom field is declared as an object. Microsoft's own publishers send numbers, truth values
///   and text (`AttemptId`, `IsTestResultFlaky`, `TestRunSystem`; contract §1.1 and §2.3).
/// - So is the value of a patch operation, whose own description says "a primitive or a JToken" (contract §5).
///
/// `errorMessage: null` in a PATCH needs no entry: the strict form says `x-nullable` (contract §10.2).
fn known_difference(schema: &str, place: &str, kind: &ErrorKind<'_, '_>) -> bool {
    let custom_field = place.contains("/customFields/") || place.contains("/customTestFields/");
    let value = place.ends_with("/value") && (custom_field || schema == OPERATION);
    value && matches!(kind, ErrorKind::Type { .. })
}

//! A second opinion on request bodies: Microsoft's own swagger, made strict, where its folder is at hand.

use crate::service::Recorded;
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
    let mut swagger = match Swagger::read(&folder.join("strict/test-7.1.mock.json")) {
        Ok(swagger) => swagger,
        Err(error) => return vec![error],
    };
    let mut violations = Vec::new();
    for (number, request) in requests.iter().enumerate() {
        let whole = request.body.len() == request.body_length;
        let Some(place) = schema_place(request, depth).filter(|_| whole) else {
            continue;
        };
        for violation in swagger.differences(place, &request.json()) {
            violations.push(format!(
                "request {} ({} {}): {violation}",
                number + 1,
                request.method,
                request.path
            ));
        }
    }
    violations
}

/// Where in the file the schema of this request's body stands.
fn schema_place(request: &Recorded, depth: usize) -> Option<&'static str> {
    let parts: Vec<String> = request
        .path
        .trim_matches('/')
        .split('/')
        .map(str::to_lowercase)
        .collect();
    // The collection, the project and `_apis` come first.
    let parts: Vec<&str> = parts.iter().skip(depth + 1).map(String::as_str).collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("POST", ["_apis", "test", "points"]) => Some("#/definitions/TestPointsQuery"),
        ("POST", ["_apis", "test", "runs"]) => Some("#/definitions/RunCreateModel"),
        ("PATCH", ["_apis", "test", "runs", _]) => Some("#/definitions/RunUpdateModel"),
        ("POST" | "PATCH", ["_apis", "test", "runs", _, "results"]) => Some(RESULTS),
        (
            "POST",
            ["_apis", "test", "runs", _, "attachments"]
            | ["_apis", "test", "runs", _, "results", _, "attachments"],
        ) => Some("#/definitions/TestAttachmentRequestModel"),
        _ => None,
    }
}

/// The body of a write of results, by JSON pointer: `/` in the path is `~1`, braces are percent-encoded.
const RESULTS: &str = "#/paths/~1%7Borganization%7D~1%7Bproject%7D~1_apis~1test~1Runs~1%7BrunId%7D~1results/post/parameters/1/schema";

struct Swagger {
    compiler: Compiler,
    schemas: Schemas,
    compiled: BTreeMap<&'static str, SchemaIndex>,
}

const ADDRESS: &str = "https://swagger.invalid/test.json";

impl Swagger {
    fn read(path: &Path) -> Result<Swagger, String> {
        let failed = |error: &dyn std::fmt::Display| format!("the swagger cannot be used: {error}");
        let text = std::fs::read(path).map_err(|error| failed(&error))?;
        let mut document: Value = serde_json::from_slice(&text).map_err(|error| failed(&error))?;
        allow_nulls(&mut document);
        let mut compiler = Compiler::new();
        // Swagger 2.0 is made of JSON schema draft 4.
        compiler.set_default_draft(Draft::V4);
        compiler
            .add_resource(ADDRESS, document)
            .map_err(|error| failed(&error))?;
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
            leaves(&error, &mut differences);
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
fn leaves(error: &ValidationError<'_, '_>, differences: &mut Vec<String>) {
    for cause in &error.causes {
        leaves(cause, differences);
    }
    let place = error.instance_location.to_string();
    if error.causes.is_empty() && !known_difference(&place, &error.kind) {
        differences.push(format!("at '{place}': {}", error.kind));
    }
}

/// Where the swagger is wrong and the wire is right.
///
/// - The value of a custom field is declared as an object. Microsoft's own publishers send numbers, truth values
///   and text (`AttemptId`, `IsTestResultFlaky`, `TestRunSystem`; contract §1.1 and §2.3).
///
/// `errorMessage: null` in a PATCH needs no entry: the strict form says `x-nullable` (contract §10.2).
fn known_difference(place: &str, kind: &ErrorKind<'_, '_>) -> bool {
    let custom_field = place.contains("/customFields/") || place.contains("/customTestFields/");
    custom_field && place.ends_with("/value") && matches!(kind, ErrorKind::Type { .. })
}

//! Faults in force, in the words of the script.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::answer::{Ask, Failure, json as answer};
use crate::fault::{Fault, FaultState};

/// The fields of a fault in JSON, each a word of the script.
const FIELDS: [&str; 8] =
    ["words", "effect", "operation", "queue", "skip", "times", "probability", "burst"];

fn show(state: &FaultState) -> Value {
    json!({
        "number": state.number,
        "words": state.fault.to_string(),
        "met": state.met,
    })
}

pub(super) fn list(ask: &Ask<'_>) -> Response<Bytes> {
    let faults: Vec<Value> = ask.emulator.faults_in_force().iter().map(show).collect();
    answer(&json!({ "faults": faults }))
}

/// Adds the faults of a script, or one in JSON. If one is wrong, none is added.
pub(super) fn add(ask: &Ask<'_>) -> Result<Response<Bytes>, Failure> {
    // By what it is, since many clients send JSON as text: no line of a script begins so.
    let text = ask.text()?;
    let script = match text.trim_start().starts_with('{') || text.trim().is_empty() {
        true => words(&ask.object(&FIELDS)?)?,
        false => text.to_owned(),
    };
    let faults = Fault::parse_script(&script).map_err(|error| Failure::bad(error.to_string()))?;
    if faults.is_empty() {
        return Err(Failure::bad("there is no fault in it"));
    }
    let numbers: Vec<u64> = faults.into_iter().map(|fault| ask.emulator.add_fault(fault)).collect();
    let states = ask.emulator.faults_in_force();
    let added: Vec<Value> =
        states.iter().filter(|state| numbers.contains(&state.number)).map(show).collect();
    stir(ask);
    let mut response = answer(&json!({ "faults": added }));
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// The line of a script that stands for an object.
fn words(body: &Value) -> Result<String, Failure> {
    if let Some(words) = body.get("words") {
        let words = words.as_str().ok_or_else(|| Failure::bad("words is a text"))?;
        return Ok(words.to_owned());
    }
    let effect = body.get("effect").and_then(Value::as_str);
    let effect = effect.ok_or_else(|| Failure::bad("give words, or effect"))?;
    let mut line = one_word("effect", effect)?;
    for field in FIELDS.iter().skip(2) {
        let text = match body.get(*field) {
            None | Some(Value::Null) => continue,
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Array(list)) => {
                let names = list.iter().map(|name| name.as_str().unwrap_or_default());
                names.collect::<Vec<_>>().join(",")
            }
            Some(_) => return Err(Failure::bad(format!("{field} is a text or a number"))),
        };
        line.push_str(&format!(" {field}={}", one_word(field, &text)?));
    }
    Ok(line)
}

fn one_word(field: &str, text: &str) -> Result<String, Failure> {
    let plain = !text.is_empty() && !text.chars().any(|one| one.is_whitespace() || one == '#');
    match plain {
        true => Ok(text.to_owned()),
        false => Err(Failure::bad(format!("{field} is one word"))),
    }
}

pub(super) fn clear(ask: &Ask<'_>) -> Response<Bytes> {
    ask.emulator.clear_faults();
    stir(ask);
    super::answer::empty()
}

pub(super) fn remove(ask: &Ask<'_>) -> Result<Response<Bytes>, Failure> {
    let number = ask.path.first().and_then(|text| text.parse().ok());
    if !number.is_some_and(|number| ask.emulator.remove_fault(number)) {
        return Err(Failure::missing("there is no fault with this number"));
    }
    stir(ask);
    Ok(super::answer::empty())
}

fn stir(ask: &Ask<'_>) {
    if let Some(watch) = ask.emulator.watch() {
        watch.stir();
    }
}

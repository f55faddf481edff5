//! [`matching`]: all queues that an argument with `*` or `?` names, such as the stripes of one.

use crate::{
    app::{App, Queue},
    failure::Failure,
    glob,
    text::visible,
};

/// The letters of patterns. No name of a queue has them.
const WILD: [char; 2] = ['*', '?'];

/// Whether an argument names queues by a pattern.
pub(crate) fn is_pattern(argument: &str) -> bool {
    argument.contains(WILD)
}

/// What stands before the first letter of a pattern that is none of a name.
pub(crate) fn stem(pattern: &str) -> &str {
    pattern.split(WILD).next().unwrap_or_default()
}

/// The queues whose names match the pattern of an argument, `PATTERN` or `CONTEXT:PATTERN`, by name.
pub(crate) async fn matching(app: &App, argument: &str) -> Result<Vec<Queue>, Failure> {
    let (context, pattern) = match argument.split_once(':') {
        Some((context, pattern)) => (Some(context), pattern),
        None => (None, argument),
    };
    let service = match context {
        Some(context) => app.connect_to(context)?.service,
        None => app.connect()?.service.clone(),
    };
    let mut queues = Vec::new();
    for item in service.list_queues().all().await? {
        let name = item.name();
        if glob::matches(pattern, name.as_str()) {
            let argument =
                context.map_or_else(|| name.to_string(), |context| format!("{context}:{name}"));
            queues.push(app.queue(&argument)?);
        }
    }
    if queues.is_empty() {
        return Err(Failure::usage(format!("no queue matches `{}`", visible(pattern))));
    }
    Ok(queues)
}

//! [`Cell`]: one value of an item, in the forms for people, for lines and for JSON.

use std::time::SystemTime;

use serde_json::Value;

use crate::{
    text::visible,
    units::{age, thousands, utc},
};

/// One value of an item.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// A text, which may come from a stranger.
    Text(String),
    /// A count or a size in bytes.
    Number(u64),
    /// A fact that is so or is not.
    Flag(bool),
    /// A moment: an age for people, UTC for programs.
    Moment(SystemTime),
    /// The moment that never comes.
    Never,
    /// Any JSON value.
    Json(Value),
    /// The value is not known, or there is none.
    Missing,
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    /// The form for a table: one line that does nothing to a terminal.
    pub(super) fn for_people(&self, now: SystemTime) -> String {
        match self {
            Self::Text(text) => visible(text).into_owned(),
            Self::Number(number) => thousands(*number),
            Self::Flag(true) => String::from("yes"),
            Self::Flag(false) => String::from("no"),
            Self::Moment(moment) => age(*moment, now),
            Self::Never => String::from("never"),
            Self::Json(value) => visible(&value.to_string()).into_owned(),
            Self::Missing => String::from("-"),
        }
    }

    /// The form for `csv`, `tsv` and templates, before anything is escaped.
    pub(super) fn plain(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Moment(moment) => utc(*moment),
            Self::Never => String::from("never"),
            Self::Json(value) => value.to_string(),
            Self::Missing => String::new(),
        }
    }

    /// The form for JSON.
    pub(super) fn json(&self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.clone()),
            Self::Number(number) => (*number).into(),
            Self::Flag(flag) => (*flag).into(),
            Self::Moment(moment) => utc(*moment).into(),
            Self::Never => "never".into(),
            Self::Json(value) => value.clone(),
            Self::Missing => Value::Null,
        }
    }
}

impl From<Option<SystemTime>> for Cell {
    fn from(moment: Option<SystemTime>) -> Self {
        moment.map_or(Self::Missing, Self::Moment)
    }
}

impl From<Option<u64>> for Cell {
    fn from(number: Option<u64>) -> Self {
        number.map_or(Self::Missing, Self::Number)
    }
}

impl From<Option<String>> for Cell {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Missing, Self::Text)
    }
}

//! [`State`]: what the screen of `azq top` shows, and what a key does to it.

use std::time::Duration;

use ratatui::crossterm::event::{KeyCode, KeyModifiers};

use super::snapshot::{Measured, Snapshot};

/// The order of the queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Name,
    Depth,
    Age,
}

/// What a key asks of the verb.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Nothing,
    Quit,
    /// Look at once.
    Look,
    /// Show the head of this queue.
    Peek(String),
}

/// What the screen shows.
#[derive(Debug)]
pub(super) struct State {
    account: String,
    interval: Duration,
    latest: Option<Snapshot>,
    before: Option<Snapshot>,
    sort: Sort,
    filter: String,
    /// The filter is being typed.
    typing: bool,
    paused: bool,
    chosen: usize,
    trouble: Option<String>,
    /// The queue that is open, and the lines of its messages.
    open: Option<(String, Vec<String>)>,
}

impl State {
    pub(super) fn new(account: String, interval: Duration) -> Self {
        Self {
            account,
            interval,
            latest: None,
            before: None,
            sort: Sort::Age,
            filter: String::new(),
            typing: false,
            paused: false,
            chosen: 0,
            trouble: None,
            open: None,
        }
    }

    /// Takes what a look found.
    pub(super) fn take(&mut self, snapshot: Snapshot) {
        self.before = self.latest.replace(snapshot);
        self.trouble = None;
        self.stay_inside();
    }

    /// Shows why a look failed; the queues stay as they were.
    pub(super) fn trouble(&mut self, sentence: &str) {
        self.trouble = Some(sentence.to_owned());
    }

    /// Shows the messages of the queue that was asked for.
    pub(super) fn show(&mut self, lines: Vec<String>) {
        if let Some(queue) = self.queues().get(self.chosen) {
            self.open = Some((queue.name.clone(), lines));
        }
    }

    pub(super) const fn is_paused(&self) -> bool {
        self.paused
    }

    /// The queues of the filter in their order.
    pub(super) fn queues(&self) -> Vec<&Measured> {
        let Some(latest) = &self.latest else { return Vec::new() };
        let mut queues: Vec<_> =
            latest.queues().iter().filter(|queue| queue.name.contains(&self.filter)).collect();
        match self.sort {
            Sort::Name => queues.sort_by(|one, other| one.name.cmp(&other.name)),
            Sort::Depth => queues.sort_by_key(|queue| std::cmp::Reverse(queue.depth)),
            // Queues without a visible message come last.
            Sort::Age => queues.sort_by_key(|queue| (queue.oldest.is_none(), queue.oldest)),
        }
        queues
    }

    /// How many messages a second a queue gains.
    pub(super) fn trend(&self, name: &str) -> Option<f64> {
        self.latest.as_ref()?.trend(self.before.as_ref()?, name)
    }

    pub(super) const fn chosen(&self) -> usize {
        self.chosen
    }

    pub(super) fn open(&self) -> Option<(&str, &[String])> {
        self.open.as_ref().map(|(name, lines)| (name.as_str(), lines.as_slice()))
    }

    pub(super) fn title(&self) -> String {
        let order = match self.sort {
            Sort::Name => "name",
            Sort::Depth => "depth",
            Sort::Age => "age",
        };
        let pace = if self.paused {
            String::from("paused")
        } else {
            format!("every {}", crate::units::short(self.interval))
        };
        format!("{}: {} queues by {order}, {pace}", self.account, self.queues().len())
    }

    pub(super) fn footer(&self) -> String {
        if let Some(trouble) = &self.trouble {
            return crate::text::visible(trouble).into_owned();
        }
        if self.typing {
            return format!("filter: {}_   enter keeps it, esc drops it", self.filter);
        }
        if self.open.is_some() {
            return String::from("esc back   q quit");
        }
        let filter = match self.filter.as_str() {
            "" => String::new(),
            filter => format!("filter: {filter}   "),
        };
        format!("{filter}n/d/a sort   / filter   enter peek   p pause   r look now   q quit")
    }

    pub(super) const fn is_in_trouble(&self) -> bool {
        self.trouble.is_some()
    }

    /// Does what a key stands for.
    pub(super) fn press(&mut self, key: KeyCode, modifiers: KeyModifiers) -> Ask {
        if modifiers.contains(KeyModifiers::CONTROL) && key == KeyCode::Char('c') {
            return Ask::Quit;
        }
        if self.typing {
            self.type_filter(key);
            return Ask::Nothing;
        }
        match key {
            KeyCode::Char('q') => return Ask::Quit,
            KeyCode::Esc if self.open.is_some() => self.open = None,
            KeyCode::Esc => self.filter.clear(),
            _ if self.open.is_some() => {}
            KeyCode::Char('n') => self.sort = Sort::Name,
            KeyCode::Char('d') => self.sort = Sort::Depth,
            KeyCode::Char('a') => self.sort = Sort::Age,
            KeyCode::Char('p') => self.paused = !self.paused,
            KeyCode::Char('r') => return Ask::Look,
            KeyCode::Char('/') => self.typing = true,
            KeyCode::Up | KeyCode::Char('k') => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.chosen += 1,
            KeyCode::Home => self.chosen = 0,
            KeyCode::End => self.chosen = usize::MAX,
            KeyCode::Enter => {
                if let Some(queue) = self.queues().get(self.chosen) {
                    return Ask::Peek(queue.name.clone());
                }
            }
            _ => {}
        }
        self.stay_inside();
        Ask::Nothing
    }

    fn type_filter(&mut self, key: KeyCode) {
        match key {
            KeyCode::Enter => self.typing = false,
            KeyCode::Esc => {
                self.typing = false;
                self.filter.clear();
            }
            KeyCode::Backspace => {
                self.filter.pop();
            }
            KeyCode::Char(letter) if !letter.is_control() => self.filter.push(letter),
            _ => {}
        }
        self.stay_inside();
    }

    fn stay_inside(&mut self) {
        self.chosen = self.chosen.min(self.queues().len().saturating_sub(1));
    }
}

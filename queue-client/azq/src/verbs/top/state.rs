//! [`State`]: what the screen of `azq top` shows, and what a key does to it.

use std::time::Duration;

use ratatui::crossterm::event::{KeyCode, KeyModifiers};

use super::snapshot::{Measured, SUFFIX, Snapshot};

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
    /// Bring these dead letters back; somebody said yes.
    Redrive(Redrive),
}

/// Dead letters that may go back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redrive {
    pub(super) poison: String,
    pub(super) home: String,
    /// How many there are, about.
    depth: u64,
}

/// How far a redrive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    No,
    Runs,
    /// Somebody quits, and waits for its end.
    Finishing,
}

/// What the screen shows.
#[derive(Debug)]
pub(super) struct State {
    account: String,
    interval: Duration,
    /// The account asks for care with verbs that change something.
    protected: bool,
    latest: Option<Snapshot>,
    before: Option<Snapshot>,
    sort: Sort,
    filter: String,
    /// The filter is being typed.
    typing: bool,
    paused: bool,
    chosen: usize,
    trouble: Option<String>,
    /// The dead letters that a question is about.
    question: Option<Redrive>,
    redrive: Progress,
    /// A sentence that is shown until the next key.
    notice: Option<String>,
    /// The queue that is open, and the lines of its messages.
    open: Option<(String, Vec<String>)>,
}

impl State {
    pub(super) fn new(account: String, interval: Duration, protected: bool) -> Self {
        Self {
            account,
            interval,
            protected,
            latest: None,
            before: None,
            sort: Sort::Age,
            filter: String::new(),
            typing: false,
            paused: false,
            chosen: 0,
            trouble: None,
            question: None,
            redrive: Progress::No,
            notice: None,
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

    /// Shows the messages of a queue.
    pub(super) fn show(&mut self, name: String, lines: Vec<String>) {
        self.open = Some((name, lines));
    }

    /// Shows how a redrive ended.
    pub(super) fn redriven(&mut self, outcome: Result<String, String>) {
        self.redrive = Progress::No;
        match outcome {
            Ok(words) => self.notice = Some(words),
            Err(sentence) => self.trouble = Some(sentence),
        }
    }

    /// Shows that the screen goes away when the redrive is done.
    pub(super) fn finishing(&mut self) {
        self.redrive = Progress::Finishing;
    }

    pub(super) fn is_redriving(&self) -> bool {
        self.redrive != Progress::No
    }

    /// No look has succeeded yet.
    pub(super) const fn is_empty(&self) -> bool {
        self.latest.is_none()
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
        if self.is_empty() {
            return format!("{}: looking", self.account);
        }
        let count = self.queues().len();
        let noun = if count == 1 { "queue" } else { "queues" };
        format!("{}: {count} {noun} by {order}, {pace}", self.account)
    }

    pub(super) fn footer(&self) -> String {
        if let Some(Redrive { poison, home, depth }) = &self.question {
            let depth = crate::units::thousands(*depth);
            return format!("Move ≈ {depth} dead letters of {poison} back to {home}? [y/N]");
        }
        if self.redrive == Progress::Finishing {
            return String::from("finishing the redrive; quit again to stop at once");
        }
        if let Some(trouble) = &self.trouble {
            return crate::text::visible(trouble).into_owned();
        }
        if self.typing {
            return format!("filter: {}_   enter keeps it, esc drops it", self.filter);
        }
        if self.open.is_some() {
            return String::from("esc back   q quit");
        }
        if self.redrive == Progress::Runs {
            return String::from("bringing dead letters back   q quit");
        }
        if let Some(notice) = &self.notice {
            return crate::text::visible(notice).into_owned();
        }
        let filter = match self.filter.as_str() {
            "" => String::new(),
            filter => format!("filter: {filter}   "),
        };
        format!(
            "{filter}n/d/a sort   / filter   enter peek   R redrive   p pause   r look   q quit"
        )
    }

    pub(super) const fn is_in_trouble(&self) -> bool {
        self.trouble.is_some() && self.question.is_none()
    }

    pub(super) const fn is_asking(&self) -> bool {
        self.question.is_some()
    }

    /// Does what a key stands for.
    pub(super) fn press(&mut self, key: KeyCode, modifiers: KeyModifiers) -> Ask {
        if modifiers.contains(KeyModifiers::CONTROL) && key == KeyCode::Char('c') {
            return Ask::Quit;
        }
        self.notice = None;
        if let Some(letters) = self.question.take() {
            if !matches!(key, KeyCode::Char('y' | 'Y')) {
                self.notice = Some(String::from("nothing was changed"));
                return Ask::Nothing;
            }
            self.redrive = Progress::Runs;
            return Ask::Redrive(letters);
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
            KeyCode::Char('R') => self.ask_redrive(),
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

    /// Asks whether the dead letters of the chosen queue shall go back.
    fn ask_redrive(&mut self) {
        if self.is_redriving() {
            self.notice = Some(String::from("a redrive is under way"));
            return;
        }
        let Some(queue) = self.queues().get(self.chosen).copied().cloned() else { return };
        let (home, depth) = match queue.name.strip_suffix(SUFFIX) {
            Some(home) => (home.to_owned(), queue.depth),
            None => (queue.name.clone(), queue.poison.unwrap_or(0)),
        };
        if depth == 0 {
            self.notice = Some(format!("{home} has no dead letters"));
        } else if self.protected {
            self.notice =
                Some(format!("this account is protected: use `azq redrive {home}` instead"));
        } else {
            let poison = format!("{home}{SUFFIX}");
            self.question = Some(Redrive { poison, home, depth });
        }
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

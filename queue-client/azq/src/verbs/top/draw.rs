//! [`draw`]: the screen of `azq top`, drawn from its state alone.

use std::time::SystemTime;

use ratatui::{
    Frame,
    layout::{Constraint, Layout},
    style::{Color, Modifier, Style, Stylize as _},
    text::Line,
    widgets::{Cell, Paragraph, Row, Table, TableState},
};

use super::{snapshot::Measured, state::State};
use crate::units::{age, thousands};

/// Draws the whole screen.
pub(super) fn draw(frame: &mut Frame<'_>, state: &State, now: SystemTime) {
    let [title, body, footer] =
        Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)])
            .areas(frame.area());
    frame.render_widget(Line::from(state.title()).bold(), title);
    match state.open() {
        Some((name, lines)) => {
            let mut text = vec![Line::from(format!("the head of {name}")).bold()];
            text.extend(lines.iter().map(|line| Line::from(line.as_str())));
            frame.render_widget(Paragraph::new(text), body);
        }
        None if state.is_empty() => {}
        None if state.queues().is_empty() => {
            frame.render_widget(Line::from("no queue to show").dim(), body);
        }
        None => queues(frame, state, now, body),
    }
    let words = state.footer();
    let footer_style = if state.is_in_trouble() {
        Style::new().fg(Color::Red)
    } else if state.is_asking() {
        Style::new().fg(Color::Yellow).bold()
    } else {
        Style::new().dim()
    };
    frame.render_widget(Line::from(words).style(footer_style), footer);
}

fn queues(frame: &mut Frame<'_>, state: &State, now: SystemTime, area: ratatui::layout::Rect) {
    let header = Row::new(["QUEUE", "DEPTH", "TREND", "VISIBLE", "OLDEST", "POISON"]).bold();
    let rows = state.queues().into_iter().map(|queue| row(queue, state.trend(&queue.name), now));
    let widths = [
        Constraint::Fill(1),
        Constraint::Length(11),
        Constraint::Length(9),
        Constraint::Length(7),
        Constraint::Length(8),
        Constraint::Length(9),
    ];
    let table = Table::new(rows, widths)
        .header(header)
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let mut place = TableState::new().with_selected(Some(state.chosen()));
    frame.render_stateful_widget(table, area, &mut place);
}

fn row<'a>(queue: &'a Measured, trend: Option<f64>, now: SystemTime) -> Row<'a> {
    let poison = match queue.poison {
        Some(0) => Cell::from("0"),
        Some(depth) => Cell::from(thousands(depth)).style(Style::new().fg(Color::Red)),
        None => Cell::from("-"),
    };
    Row::new([
        Cell::from(queue.name.as_str()),
        Cell::from(thousands(queue.depth)),
        Cell::from(trend.map_or_else(|| String::from("-"), in_words)),
        Cell::from(queue.visible_in_words()),
        Cell::from(queue.oldest.map_or_else(|| String::from("-"), |oldest| age(oldest, now))),
        poison,
    ])
}

/// A trend with its direction.
fn in_words(trend: f64) -> String {
    if trend.abs() < 0.05 {
        String::from("=")
    } else if trend.abs() < 10.0 {
        format!("{trend:+.1}/s")
    } else {
        format!("{trend:+.0}/s")
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use ratatui::{
        Terminal,
        backend::TestBackend,
        crossterm::event::{KeyCode, KeyModifiers},
    };

    use super::{super::snapshot::Snapshot, *};

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn queue(name: &str, depth: u64, age: Option<u64>) -> Measured {
        Measured {
            name: name.into(),
            depth,
            visible: u32::try_from(depth.min(32)).unwrap_or(32),
            is_capped: depth >= 32,
            oldest: age.map(|age| NOW + Duration::from_secs(1_000_000 - age)),
            poison: None,
        }
    }

    fn screen(state: &State) -> String {
        let mut terminal = Terminal::new(TestBackend::new(76, 8)).unwrap();
        let now = NOW + Duration::from_secs(1_000_000);
        terminal.draw(|frame| draw(frame, state, now)).unwrap();
        let lines = terminal.backend().to_string();
        let lines: Vec<_> = lines.lines().map(|line| line.trim_matches('"').trim_end()).collect();
        lines.join("\n")
    }

    fn filled() -> State {
        let mut state = State::new("acme".into(), Duration::from_secs(2), false);
        let begun = Instant::now();
        let look = |orders, after| {
            let queues = vec![
                queue("orders", orders, Some(3_700)),
                queue("orders-poison", 3, Some(90)),
                queue("thumbnails", 0, None),
            ];
            Snapshot::new(queues, "*", begun + Duration::from_secs(after))
        };
        state.take(look(1_200, 0));
        state.take(look(1_240, 2));
        state
    }

    #[test]
    fn the_screen_of_all_queues() {
        assert_eq!(
            screen(&filled()),
            "\
acme: 3 queues by age, every 2s
QUEUE                       DEPTH       TREND     VISIBLE OLDEST   POISON
orders                      1,240       +20/s     32+     1h 1m    3
orders-poison               3           =         3       1m 30s   -
thumbnails                  0           =         0       -        -


n/d/a sort   / filter   enter peek   R redrive   p pause   r look   q quit"
        );
    }

    #[test]
    fn dead_letters_go_back_only_after_a_yes() {
        use super::super::state::Ask;

        let mut state = filled();
        let mut press = |key| state.press(KeyCode::Char(key), KeyModifiers::NONE);
        assert_eq!(press('n'), Ask::Nothing);
        assert_eq!(press('R'), Ask::Nothing);
        let question = "Move ≈ 3 dead letters of orders-poison back to orders? [y/N]";
        assert!(screen(&state).ends_with(question), "{}", screen(&state));
        let mut press = |key| state.press(KeyCode::Char(key), KeyModifiers::NONE);
        assert_eq!(press('q'), Ask::Nothing);
        assert_eq!(press('R'), Ask::Nothing);
        let Ask::Redrive(letters) = press('y') else { panic!("it was a yes") };
        assert_eq!((letters.poison.as_str(), letters.home.as_str()), ("orders-poison", "orders"));
        assert!(state.is_redriving());
        state.redriven(Ok("3 moved".into()));
        assert!(screen(&state).ends_with("3 moved"));
        state.press(KeyCode::End, KeyModifiers::NONE);
        state.press(KeyCode::Char('R'), KeyModifiers::NONE);
        assert!(screen(&state).ends_with("thumbnails has no dead letters"));
    }

    #[test]
    fn keys_sort_filter_open_and_quit() {
        use super::super::state::Ask;

        let mut state = filled();
        let mut press = |key| state.press(key, KeyModifiers::NONE);
        assert_eq!(press(KeyCode::Char('d')), Ask::Nothing);
        for letter in "/pois".chars() {
            press(KeyCode::Char(letter));
        }
        press(KeyCode::Enter);
        assert_eq!(press(KeyCode::Enter), Ask::Peek("orders-poison".into()));
        state.show("orders-poison".into(), vec!["a message".into()]);
        let shown = screen(&state);
        assert!(shown.contains("the head of orders-poison\na message"), "{shown}");
        assert_eq!(state.press(KeyCode::Esc, KeyModifiers::NONE), Ask::Nothing);
        assert!(screen(&state).contains("filter: pois"));
        state.trouble("no connection\u{1b}[2J");
        assert!(screen(&state).ends_with("no connection\\x1b[2J"));
        assert_eq!(state.press(KeyCode::Char('q'), KeyModifiers::NONE), Ask::Quit);
        assert_eq!(state.press(KeyCode::Char('c'), KeyModifiers::CONTROL), Ask::Quit);
    }
}

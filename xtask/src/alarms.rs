//! `cargo xtask alarms`: the alarm rules and the dashboard of `tests/examples/prometheus`, by Prometheus
//! itself. `promtool` checks the rules and runs their cases; then Prometheus reads the metrics of the
//! example, which works on the emulator, and is asked for all that the dashboard and the rules ask.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use lexopt::{Arg, Parser};
use serde_json::Value;

use crate::{
    Outcome,
    files::{make, read, write},
    install,
    shell::{self, Background, free_port},
    usage,
};

/// What a panel has when its example has no such thing to tell.
const SILENT: [(&str, &str); 2] = [
    ("azure_queue_credential_expires_in", "a connection string does not expire"),
    ("azure_queue_lease_renewals", "the handlers of the example end before a renewal is due"),
];

/// The time in which all panels must have data. The depth of a queue is sampled each 30 seconds.
const PATIENCE: Duration = Duration::from_secs(180);

pub(crate) fn run(mut arguments: Parser) -> Outcome {
    match arguments.next().map_err(usage)? {
        None => check(&prometheus()?),
        Some(Arg::Long("beside-emulator")) => ask(),
        Some(other) => Err(usage(other.unexpected())),
    }
}

/// The same, if Prometheus can be had.
pub(crate) fn run_where_it_can_be_had() -> Outcome {
    install::where_it_can_be_had("alarms", prometheus(), |promtool| check(&promtool))
}

fn example() -> PathBuf {
    shell::root().join("tests/examples/prometheus")
}

/// Installs Prometheus where apt can, and says where its tool is.
fn prometheus() -> Result<PathBuf, String> {
    let promtool = PathBuf::from("promtool");
    if shell::output(Command::new(&promtool).arg("--version")).is_err() {
        shell::run(Command::new("apt-get").arg("update"))?;
        let install = ["install", "--yes", "--no-install-recommends", "prometheus"];
        shell::run(Command::new("apt-get").args(install))?;
    }
    Ok(promtool)
}

fn check(promtool: &Path) -> Outcome {
    let rules = |word: &str, file: &str| {
        shell::run(Command::new(promtool).current_dir(example()).args([word, "rules", file]))
    };
    rules("check", "alerts.yml")?;
    rules("test", "alerts_test.yml")?;
    shell::run(&mut shell::cargo(["build", "--quiet", "--package", "queue-example-prometheus"]))?;
    let sender = ["build", "--quiet", "--package", "queue-client", "--example", "sender"];
    shell::run(&mut shell::cargo(sender))?;
    let own = env::current_exe().map_err(|error| format!("this program has no path: {error}"))?;
    shell::run(
        shell::emulator()
            .args(["--port", "0", "--queue", "orders", "--exec"])
            .arg(own)
            .args(["alarms", "--beside-emulator"]),
    )
}

/// Beside an emulator, whose connection string is in the environment.
fn ask() -> Outcome {
    let built = shell::target().join("debug");
    let told = free_port()?.to_string();
    let mut worker = Command::new(built.join("queue-example-prometheus"));
    let _worker = Background::start(worker.args(["orders", &told]))?;

    let folder = shell::scratch("alarms");
    let data = folder.join(format!("data-{}", std::process::id()));
    make(&data)?;
    let settings = folder.join("prometheus.yml");
    write(&settings, settings_of(&told))?;
    let address = format!("127.0.0.1:{}", free_port()?);
    let _prometheus = Background::start(
        Command::new("prometheus")
            .arg(format!("--config.file={}", settings.display()))
            .arg(format!("--storage.tsdb.path={}", data.display()))
            .args([&format!("--web.listen-address={address}"), "--log.level=error"]),
    )?;

    let asked = wait_for_panels(&address, &built.join("examples/sender"))?;
    let rules = read(&example().join("alerts.yml"))?;
    let rules = expressions_of_rules(&rules);
    for rule in &rules {
        query(&address, rule)?;
    }
    println!(
        "alarms: {asked} questions of the dashboard and {} of the rules are answered",
        rules.len()
    );
    for (metric, why) in SILENT {
        println!("alarms: there is no {metric}: {why}");
    }
    drop(fs::remove_dir_all(&data));
    Ok(())
}

/// Sends messages until Prometheus has data for each question of the dashboard, and says how many
/// these are.
fn wait_for_panels(address: &str, sender: &Path) -> Result<usize, String> {
    let panels = expressions_of_panels(&read(&example().join("dashboard.json"))?)?;
    let silent = |expression: &str| SILENT.iter().any(|(metric, _)| expression.contains(metric));
    let (rightly_silent, mut waited_for): (Vec<_>, Vec<_>) =
        panels.into_iter().partition(|panel| silent(panel));
    let asked = waited_for.len();
    let start = Instant::now();
    loop {
        // A rate wants something new each time.
        shell::output(Command::new(sender).args(["orders", "a bottle"]))?;
        thread::sleep(Duration::from_millis(500));
        let mut last_error = String::new();
        waited_for.retain(|expression| match query(address, expression) {
            Ok(answer) => !has_data(&answer),
            Err(error) => {
                last_error = error;
                true
            }
        });
        if waited_for.is_empty() {
            rightly_silent
                .iter()
                .try_for_each(|expression| query(address, expression).map(drop))?;
            return Ok(asked);
        }
        if start.elapsed() > PATIENCE {
            return Err(format!("there is no data for {waited_for:#?}\n{last_error}"));
        }
    }
}

fn settings_of(port: &str) -> String {
    format!(
        "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\n\
         rule_files: [{:?}]\n\
         scrape_configs:\n\
         - job_name: worker\n  \
           static_configs: [{{ targets: [\"127.0.0.1:{port}\"] }}]\n",
        example().join("alerts.yml")
    )
}

fn query(address: &str, expression: &str) -> Result<String, String> {
    let mut promtool = Command::new("promtool");
    shell::output(promtool.args(["query", "instant", &format!("http://{address}"), expression]))
}

/// Whether one of the answers, `{...} => 1.5 @[time]`, is a number.
fn has_data(answer: &str) -> bool {
    answer
        .lines()
        .filter_map(|line| line.split(" => ").nth(1))
        .any(|value| !value.starts_with("NaN"))
}

/// What the panels ask, as Grafana would ask it for all queues.
fn expressions_of_panels(dashboard: &str) -> Result<Vec<String>, String> {
    let dashboard: Value =
        serde_json::from_str(dashboard).map_err(|error| format!("dashboard.json: {error}"))?;
    let panels = dashboard.get("panels").and_then(Value::as_array).into_iter().flatten();
    let targets = panels.filter_map(|panel| panel.get("targets")?.as_array()).flatten();
    let expressions: Vec<_> = targets
        .filter_map(|target| target.get("expr")?.as_str())
        .map(|text| text.replace("$__rate_interval", "10s").replace("$queue", ".*"))
        .collect();
    if expressions.is_empty() {
        Err("dashboard.json asks nothing".to_owned())
    } else {
        Ok(expressions)
    }
}

fn expressions_of_rules(rules: &str) -> Vec<&str> {
    rules.lines().filter_map(|line| line.trim_start().strip_prefix("expr: ")).collect()
}

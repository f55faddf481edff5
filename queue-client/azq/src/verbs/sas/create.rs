//! `azq sas create`: makes a signature with the account key, or with a user delegation key.

use std::{
    io::Write as _,
    time::{Duration, SystemTime},
};

use queue_client::{
    Account, SasUrl,
    auth::sas::{
        AccountPermissions, AccountSas, IpRange, QueuePermissions, QueueSas, ResourceTypes,
        SasProtocol, SasToken, UserDelegationSas,
    },
};

use crate::{
    app::{App, Connection},
    failure::{Exit, Failure},
    units::{self, Moment},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The queue, or CONTEXT:QUEUE; without it the signature is for the account
    #[arg(add = crate::complete::queues())]
    queue: Option<String>,

    /// What is permitted: for a queue letters of `raup` (read, add, update, process), for the account
    /// of `rwdlacup`
    #[arg(
        long,
        visible_alias = "perm",
        value_name = "LETTERS",
        required_unless_present = "policy_name"
    )]
    permissions: Option<String>,

    /// When it ends: 2h, tomorrow's date, 2026-12-31T23:00Z
    #[arg(
        long,
        visible_alias = "expiry",
        value_name = "MOMENT",
        required_unless_present = "policy_name",
        value_parser = units::moment
    )]
    expires: Option<Moment>,

    /// When it begins; without it at once, and for clocks that are behind no start is written
    #[arg(long, value_name = "MOMENT", value_parser = units::moment)]
    start: Option<Moment>,

    /// Only for clients at this address or range of addresses, such as 10.0.0.1-10.0.0.9
    #[arg(long, value_name = "RANGE")]
    ip: Option<String>,

    /// Only over HTTPS
    #[arg(long)]
    https_only: bool,

    /// Rest on this stored access policy of the queue, by which the signature can be taken back
    #[arg(long, visible_alias = "stored-policy", value_name = "NAME", requires = "queue")]
    policy_name: Option<String>,

    /// Sign with a user delegation key of the identity of --auth-mode login
    #[arg(
        long,
        visible_alias = "user-delegation",
        requires = "queue",
        conflicts_with = "policy_name"
    )]
    as_user: bool,

    /// The levels that a signature for the account opens: service, containers (queues), objects
    /// (messages)
    #[arg(long, value_name = "LETTERS", default_value = "sco", conflicts_with = "queue")]
    resource_types: String,

    /// Print the token alone, and not the URL
    #[arg(long)]
    token: bool,
}

pub(super) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let now = SystemTime::now();
    let url = match &args.queue {
        None => {
            let account = &app.connect()?.account;
            SasUrl::new(account.endpoint().clone(), None, args.for_account(account, now)?)
        }
        Some(argument) => {
            let (connection, name) = match argument.split_once(':') {
                Some((context, name)) => (app.connect_to(context)?, name),
                None => (app.connect()?.clone(), argument.as_str()),
            };
            let queue = connection.service.queue(name)?;
            let token = if args.as_user {
                args.as_user(&connection, name, now).await?
            } else {
                args.for_queue(&connection.account, name, now)?
            };
            let endpoint = connection.account.endpoint().clone();
            SasUrl::new(endpoint, Some(queue.name().clone()), token)
        }
    };
    let mut out = std::io::stdout().lock();
    if args.token {
        writeln!(out, "{}", url.token().expose())?;
    } else {
        writeln!(out, "{}", url.expose())?;
    }
    out.flush()?;
    Ok(())
}

impl Args {
    fn expiry(&self, now: SystemTime) -> Option<SystemTime> {
        self.expires.map(|moment| moment.on_from(now))
    }

    fn range(&self) -> Result<Option<IpRange>, Failure> {
        self.ip.as_deref().map(str::parse).transpose().map_err(wrong)
    }

    fn for_queue(
        &self,
        account: &Account,
        queue: &str,
        now: SystemTime,
    ) -> Result<SasToken, Failure> {
        let permissions = self.queue_permissions()?;
        let mut sas = match &self.policy_name {
            Some(policy) => {
                let mut sas = QueueSas::by_policy(queue, policy.as_str());
                if let Some(permissions) = permissions {
                    sas = sas.permissions(permissions);
                }
                match self.expiry(now) {
                    Some(expiry) => sas.expiry(expiry),
                    None => sas,
                }
            }
            None => QueueSas::new(
                queue,
                permissions.unwrap_or(QueuePermissions::NONE),
                self.expiry(now).unwrap_or(now),
            ),
        };
        sas = sas.made_at(now);
        if let Some(start) = self.start {
            sas = sas.start(start.on_from(now));
        }
        if let Some(range) = self.range()? {
            sas = sas.ip(range);
        }
        if self.https_only {
            sas = sas.protocol(SasProtocol::HttpsOnly);
        }
        sas.sign(account.endpoint().account().as_str(), key(account)?).map_err(wrong)
    }

    fn for_account(&self, account: &Account, now: SystemTime) -> Result<SasToken, Failure> {
        let permissions: AccountPermissions =
            self.permissions.as_deref().unwrap_or_default().parse().map_err(wrong)?;
        let types: ResourceTypes = self.resource_types.parse().map_err(wrong)?;
        let expiry = self.expiry(now).unwrap_or(now);
        let mut sas = AccountSas::new(permissions, types, expiry).made_at(now);
        if let Some(start) = self.start {
            sas = sas.start(start.on_from(now));
        }
        if let Some(range) = self.range()? {
            sas = sas.ip(range);
        }
        if self.https_only {
            sas = sas.protocol(SasProtocol::HttpsOnly);
        }
        sas.sign(account.endpoint().account().as_str(), key(account)?).map_err(wrong)
    }

    async fn as_user(
        &self,
        connection: &Connection,
        queue: &str,
        now: SystemTime,
    ) -> Result<SasToken, Failure> {
        let expiry = self.expiry(now).unwrap_or(now);
        // A key may live for seven days, and a signature no longer than its key.
        if expiry > now + Duration::from_secs(7 * 86_400) {
            return Err(Failure::usage("a signature with --as-user lives for seven days at most"));
        }
        let key = connection.service.user_delegation_key(expiry).await?;
        let permissions = self.queue_permissions()?.unwrap_or(QueuePermissions::NONE);
        let mut sas = UserDelegationSas::new(queue, permissions, expiry).made_at(now);
        if let Some(start) = self.start {
            sas = sas.start(start.on_from(now));
        }
        if let Some(range) = self.range()? {
            sas = sas.ip(range);
        }
        if self.https_only {
            sas = sas.protocol(SasProtocol::HttpsOnly);
        }
        sas.sign(connection.account.endpoint().account().as_str(), &key).map_err(wrong)
    }

    /// The letters in the order of the service, whatever their order in the argument.
    fn queue_permissions(&self) -> Result<Option<QueuePermissions>, Failure> {
        let Some(letters) = &self.permissions else { return Ok(None) };
        let ordered: String = "raup".chars().filter(|letter| letters.contains(*letter)).collect();
        // An unknown letter is named by the parser.
        let text = if ordered.len() == letters.len() { &ordered } else { letters };
        text.parse().map(Some).map_err(wrong)
    }
}

fn wrong(error: impl std::fmt::Display) -> Failure {
    Failure::usage(error.to_string())
}

fn key(account: &Account) -> Result<&queue_client::AccountKey, Failure> {
    account.key().ok_or_else(|| {
        Failure::new(
            Exit::Denied,
            "making a signature takes the account key, or --as-user with --auth-mode login",
        )
    })
}

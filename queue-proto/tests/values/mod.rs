//! Generated values at and within the limits of the protocol, for every operation.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderName, Method};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use queue_proto::ops::*;
use queue_proto::*;

/// The last second that the date formats have, which is what "never" is written as.
const LAST_SECOND: u64 = 253_402_300_799;

pub(crate) fn queue() -> impl Strategy<Value = QueueName> {
    prop_oneof![
        "[a-z0-9]{3}",
        "[a-z0-9](-?[a-z0-9]){2,31}",
        "[a-z0-9]{63}",
        Just("messages".to_owned()),
    ]
    .prop_map(|name| QueueName::new(name).unwrap())
}

/// Text of all characters that XML has, often those that need care.
pub(crate) fn xml_text(max: usize) -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => proptest::char::range(' ', '~'),
        2 => proptest::sample::select(vec![
            '<', '>', '&', '"', '\'', '\r', '\n', '\t', ' ', ']', '-', ';', '#', '%', '+', '/', '=',
            '\u{7f}', '\u{85}', '\u{2028}', '\u{FEFF}', '\u{FFFD}', '\u{D7FF}', '\u{10FFFF}',
        ]),
        1 => any::<char>().prop_filter("XML has it", |c| {
            !matches!(c, '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\u{FFFE}' | '\u{FFFF}')
        }),
    ];
    vec(character, 0..max).prop_map(String::from_iter)
}

pub(crate) fn message_text() -> impl Strategy<Value = MessageText> {
    prop_oneof![
        9 => xml_text(200).boxed(),
        1 => Just("&".repeat(65_536)).boxed(),
        1 => Just("\u{10FFFF}".repeat(16_384)).boxed(),
    ]
    .prop_map(|text| MessageText::new(text).unwrap())
}

pub(crate) fn message_id() -> impl Strategy<Value = MessageId> {
    prop_oneof![
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,127}",
    ]
    .prop_map(|id| MessageId::new(id).unwrap())
}

pub(crate) fn pop_receipt() -> impl Strategy<Value = PopReceipt> {
    prop_oneof!["[A-Za-z0-9+/]{1,40}={0,2}", "[!-~]{1,60}", "[!-~]{1024}"]
        .prop_map(|receipt| PopReceipt::new(receipt).unwrap())
}

pub(crate) fn seconds() -> impl Strategy<Value = SystemTime> {
    prop_oneof![Just(0), Just(LAST_SECOND), 0..=LAST_SECOND, 1_700_000_000..1_900_000_000_u64,]
        .prop_map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds))
}

/// An expiry: `None` for never, else before the time that stands for it.
pub(crate) fn expiry() -> impl Strategy<Value = Option<SystemTime>> {
    of((0..LAST_SECOND).prop_map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds)))
}

/// Times as access policies have them: in tenths of microseconds, from the year 1 on.
pub(crate) fn ticks() -> impl Strategy<Value = SystemTime> {
    const FIRST_SECOND: i64 = -62_135_596_800;
    let last = LAST_SECOND.cast_signed();
    let seconds = prop_oneof![
        Just(0),
        Just(-1),
        Just(FIRST_SECOND),
        Just(last),
        FIRST_SECOND..=last,
        1_700_000_000..1_900_000_000_i64,
    ];
    (seconds, prop_oneof![Just(0), Just(9_999_999), 0..10_000_000_u64]).prop_map(
        |(seconds, ticks)| {
            let distance = Duration::from_secs(seconds.unsigned_abs());
            let whole = if seconds < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance };
            whole + Duration::from_nanos(ticks * 100)
        },
    )
}

pub(crate) fn metadata() -> impl Strategy<Value = Metadata> {
    let name = "[A-Za-z_][A-Za-z0-9_]{0,20}";
    let value = "([!-~]( ?[!-~]){0,20})?";
    vec((name, value), 0..6).prop_map(|items| {
        let mut metadata = Metadata::new();
        for (name, value) in items {
            metadata.insert(name, value).unwrap();
        }
        metadata
    })
}

pub(crate) fn visibility() -> impl Strategy<Value = VisibilityTimeout> {
    prop_oneof![Just(0), Just(604_800), 0..=604_800_u64]
        .prop_map(|seconds| VisibilityTimeout::from_secs(seconds).unwrap())
}

pub(crate) fn lease() -> impl Strategy<Value = LeaseTimeout> {
    prop_oneof![Just(1), Just(604_800), 1..=604_800_u64]
        .prop_map(|seconds| LeaseTimeout::from_secs(seconds).unwrap())
}

pub(crate) fn count() -> impl Strategy<Value = MessageCount> {
    (1..=32_u32).prop_map(|count| MessageCount::new(count).unwrap())
}

pub(crate) fn options() -> impl Strategy<Value = CallOptions> {
    let version = (2018..=2030_u16, 1..=12_u8, 1..=28_u8)
        .prop_map(|(year, month, day)| ServiceVersion::new(year, month, day).unwrap());
    let id = "[!-~]{1,40}".prop_map(|id| ClientRequestId::new(id).unwrap());
    let timeout = (1..=u64::from(u32::MAX)).prop_map(|s| Timeout::from_secs(s).unwrap());
    (of(version), of(id), of(timeout)).prop_map(|(version, id, timeout)| {
        CallOptions::new()
            .version(version.unwrap_or_default())
            .client_request_id(id)
            .timeout(timeout)
    })
}

pub(crate) fn create_queue() -> impl Strategy<Value = CreateQueue> {
    (queue(), metadata()).prop_map(|(queue, meta)| CreateQueue::new(queue).metadata(meta))
}

pub(crate) fn put_message() -> impl Strategy<Value = PutMessage> {
    // A time to live, and a visibility timeout below it.
    let times = prop_oneof![
        of(0..604_800_u64).prop_map(|hidden| (None, hidden)),
        (1..=2_147_483_647_u64).prop_flat_map(|life| {
            of(0..life.min(604_801))
                .prop_map(move |hidden| (Some(TimeToLive::from_secs(life).unwrap()), hidden))
        }),
        of(0..=604_800_u64).prop_map(|hidden| (Some(TimeToLive::Never), hidden)),
    ];
    (queue(), message_text(), times).prop_map(|(queue, text, (life, hidden))| {
        let hidden = hidden.map(|seconds| VisibilityTimeout::from_secs(seconds).unwrap());
        PutMessage::new(queue, text).time_to_live(life).visibility_timeout(hidden)
    })
}

pub(crate) fn get_messages() -> impl Strategy<Value = GetMessages> {
    (queue(), of(count()), of(lease())).prop_map(|(queue, count, lease)| {
        GetMessages::new(queue).count(count).visibility_timeout(lease)
    })
}

pub(crate) fn peek_messages() -> impl Strategy<Value = PeekMessages> {
    (queue(), of(count())).prop_map(|(queue, count)| PeekMessages::new(queue).count(count))
}

pub(crate) fn update_message() -> impl Strategy<Value = UpdateMessage> {
    (queue(), message_id(), pop_receipt(), visibility(), of(message_text())).prop_map(
        |(queue, id, receipt, hidden, text)| {
            UpdateMessage::new(queue, id, receipt, hidden).text(text)
        },
    )
}

pub(crate) fn delete_message() -> impl Strategy<Value = DeleteMessage> {
    (queue(), message_id(), pop_receipt())
        .prop_map(|(queue, id, receipt)| DeleteMessage::new(queue, id, receipt))
}

pub(crate) fn prefix() -> impl Strategy<Value = QueuePrefix> {
    prop_oneof![xml_text(20).boxed(), Just("\u{10FFFF}".repeat(256)).boxed()]
        .prop_filter_map("a prefix", |text| QueuePrefix::new(text.trim_ascii()).ok())
}

pub(crate) fn marker() -> impl Strategy<Value = Marker> {
    prop_oneof![xml_text(40).boxed(), Just("/".repeat(8192)).boxed()]
        .prop_filter_map("a marker", |text| Marker::new(text.trim_ascii()).ok())
}

pub(crate) fn list_queues() -> impl Strategy<Value = ListQueues> {
    let max = (1..=5000_u32).prop_map(|max| MaxResults::new(max).unwrap());
    (of(prefix()), of(marker()), of(max), any::<bool>()).prop_map(|(prefix, marker, max, meta)| {
        ListQueues::new().prefix(prefix).marker(marker).max_results(max).include_metadata(meta)
    })
}

pub(crate) fn list_queues_response() -> impl Strategy<Value = ListQueuesResponse> {
    let item = (queue(), of(metadata()), vec("[!-~]{1,10}", 0..2)).prop_map(
        |(queue, metadata, invalid)| {
            let item = QueueItem::new(queue).with_metadata(metadata);
            if item.metadata().is_some() { item.with_invalid_metadata_names(invalid) } else { item }
        },
    );
    (xml_text(30), list_queues(), vec(item, 0..4), of(marker())).prop_map(
        |(endpoint, request, queues, next)| {
            // An attribute has no line ends and tabs: they are read as blanks.
            let endpoint = endpoint.replace(['\r', '\n', '\t'], "");
            let mut page = ListQueuesResponse::to(&request, endpoint);
            page.queues = queues;
            page.next_marker = next;
            page
        },
    )
}

fn retention() -> impl Strategy<Value = Option<RetentionDays>> {
    of((1..=365_u32).prop_map(|days| RetentionDays::new(days).unwrap()))
}

fn cors_rule() -> impl Strategy<Value = CorsRule> {
    let methods =
        vec![vec!["GET"], vec!["DELETE", "GET", "HEAD", "MERGE", "POST", "OPTIONS", "PUT"]];
    (
        prop_oneof![Just(vec!["*".to_owned()]), vec("https?://[a-z&.]{1,10}", 1..4)],
        proptest::sample::select(methods),
        any::<u32>(),
        vec("x-ms-[a-z]{1,6}", 0..3),
        vec("x-ms-meta-[a-z]{1,6}\\*", 0..3),
    )
        .prop_map(|(origins, methods, age, exposed, allowed)| {
            let mut rule = CorsRule::new(origins, methods);
            rule.max_age_seconds = age;
            rule.exposed_headers = exposed;
            rule.allowed_headers = allowed;
            rule
        })
}

pub(crate) fn properties() -> impl Strategy<Value = ServiceProperties> {
    let version = || prop_oneof![Just("1.0".to_owned()), Just("2.0".to_owned())];
    let logging = (version(), any::<(bool, bool, bool)>(), retention()).prop_map(
        |(version, (delete, read, write), retention)| {
            let mut logging = Logging::new();
            logging.version = version;
            (logging.delete, logging.read, logging.write) = (delete, read, write);
            logging.retention = retention;
            logging
        },
    );
    let metrics = || {
        (version(), of(any::<bool>()), retention()).prop_map(|(version, apis, retention)| {
            let mut metrics = apis.map_or_else(Metrics::new, Metrics::enabled);
            metrics.version = version;
            metrics.retention = retention;
            metrics
        })
    };
    (of(logging), of(metrics()), of(metrics()), of(vec(cors_rule(), 0..=5))).prop_map(
        |(logging, hour, minute, cors)| {
            ServiceProperties::new()
                .logging(logging)
                .hour_metrics(hour)
                .minute_metrics(minute)
                .cors(cors)
        },
    )
}

pub(crate) fn identifiers() -> impl Strategy<Value = SignedIdentifiers> {
    let id = xml_text(64).prop_filter_map("an id", |id| PolicyId::new(id).ok());
    let letters = proptest::sample::subsequence(vec!['r', 'a', 'u', 'p'], 1..=4)
        .prop_map(|letters| PolicyPermission::new(&String::from_iter(letters)).unwrap());
    let policy = (of(ticks()), of(ticks()), of(letters)).prop_map(|(start, expiry, letters)| {
        AccessPolicy::new().start(start).expiry(expiry).permission(letters)
    });
    vec((id, policy), 0..=5).prop_map(|items| {
        let mut identifiers = SignedIdentifiers::new();
        for (id, policy) in items {
            // The same id twice is refused; then there is one policy less.
            let _ = identifiers.push(SignedIdentifier::new(id, policy));
        }
        identifiers
    })
}

fn directory_id() -> impl Strategy<Value = DirectoryId> {
    prop_oneof!["[0-9a-f]{8}-[0-9a-f]{4}", "[!-~]{1,128}"]
        .prop_map(|id| DirectoryId::new(id).unwrap())
}

pub(crate) fn get_user_delegation_key() -> impl Strategy<Value = GetUserDelegationKey> {
    (of(seconds()), seconds(), of(directory_id())).prop_map(|(start, expiry, tenant)| {
        GetUserDelegationKey::new(expiry).start(start).delegated_user_tenant_id(tenant)
    })
}

pub(crate) fn user_delegation_key() -> impl Strategy<Value = UserDelegationKey> {
    (
        directory_id(),
        directory_id(),
        seconds(),
        seconds(),
        "[A-Za-z0-9+/]{43}=",
        of(directory_id()),
        "[a-z]{1,4}",
    )
        .prop_map(|(oid, tid, start, expiry, value, user_tid, service)| {
            let value = DelegationKeyValue::new(value).unwrap();
            let mut key = UserDelegationKey::new(oid, tid, start, expiry, value);
            key.delegated_user_tenant_id = user_tid;
            key.service = service;
            key
        })
}

fn resource() -> impl Strategy<Value = Resource> {
    prop_oneof![
        Just(Resource::Service),
        queue().prop_map(Resource::Queue),
        queue().prop_map(Resource::Messages),
        (queue(), message_id()).prop_map(|(queue, id)| Resource::Message(queue, id)),
    ]
}

fn origin() -> impl Strategy<Value = Origin> {
    prop_oneof![Just("*".to_owned()), "https?://[a-z.]{1,20}(:[0-9]{4})?"]
        .prop_map(|origin| Origin::new(origin).unwrap())
}

fn method() -> impl Strategy<Value = Method> {
    proptest::sample::select(vec!["GET", "PUT", "DELETE", "MERGE", "OPTIONS"])
        .prop_map(|method| method.parse().unwrap())
}

fn header_names() -> impl Strategy<Value = Vec<HeaderName>> {
    vec("x-ms-[a-z-]{1,10}\\*?", 0..4)
        .prop_map(|names| names.iter().map(|name| name.parse().unwrap()).collect())
}

pub(crate) fn preflight() -> impl Strategy<Value = Preflight> {
    (resource(), origin(), method(), header_names()).prop_map(
        |(resource, origin, method, headers)| {
            Preflight::new(resource, origin, method).request_headers(headers)
        },
    )
}

pub(crate) fn preflight_response() -> impl Strategy<Value = PreflightResponse> {
    (origin(), vec(method(), 0..3), header_names(), of(any::<u32>()), any::<bool>()).prop_map(
        |(origin, methods, headers, age, credentials)| {
            let mut response =
                PreflightResponse::new(origin, methods).allow_headers(headers).max_age_seconds(age);
            response.allow_credentials = credentials;
            response
        },
    )
}

pub(crate) fn get_service_stats_response() -> impl Strategy<Value = GetServiceStatsResponse> {
    let status = prop_oneof![
        Just(GeoReplicationStatus::Live),
        Just(GeoReplicationStatus::Bootstrap),
        Just(GeoReplicationStatus::Unavailable),
        Just(GeoReplicationStatus::Other("later".into())),
    ];
    (status, of(seconds())).prop_map(|(status, time)| GetServiceStatsResponse::new(status, time))
}

pub(crate) fn sent_message() -> impl Strategy<Value = SentMessage> {
    (message_id(), pop_receipt(), seconds(), seconds(), expiry()).prop_map(
        |(id, receipt, inserted, visible, expiry)| {
            SentMessage::new(id, receipt, inserted, visible).with_expires_at(expiry)
        },
    )
}

pub(crate) fn received_messages() -> impl Strategy<Value = Vec<ReceivedMessage>> {
    let message =
        (message_id(), pop_receipt(), seconds(), seconds(), expiry(), any::<u32>(), message_text())
            .prop_map(|(id, receipt, inserted, visible, expiry, count, text)| {
                ReceivedMessage::new(id, receipt, inserted, visible, text)
                    .with_expires_at(expiry)
                    .with_dequeue_count(count)
            });
    vec(message, 0..4)
}

pub(crate) fn peeked_messages() -> impl Strategy<Value = Vec<PeekedMessage>> {
    let message = (message_id(), seconds(), expiry(), any::<u32>(), message_text()).prop_map(
        |(id, inserted, expiry, count, text)| {
            PeekedMessage::new(id, inserted, text).with_expires_at(expiry).with_dequeue_count(count)
        },
    );
    vec(message, 0..4)
}

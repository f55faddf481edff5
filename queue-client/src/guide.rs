//! The guide: how to use queues in a program, from the first message to what a person on call needs.
//! Each page has one subject and can be read alone. Every piece of Rust code in the guide is compiled
//! and run against the emulator.
//!
//! | Page | You learn |
//! | --- | --- |
//! | [`first_message`] | how to send and receive a message with ten lines of code |
//! | [`naming`] | how an account and a queue are named |
//! | [`authorization`] | the three ways to be authorized, and the commands that set them up |
//! | [`receiving`] | why a message can come twice, and how to be safe |
//! | [`production`] | how to run a processor: settings by kind of work, shutdown, poison queue |
//! | [`kubernetes`] | probes, shutdown and scaling by KEDA |
//! | [`metrics`] | which metrics there are, and how to show them |
//! | [`alarms`] | which alarms to set, and what to do when one fires |
//! | [`testing_your_code`] | how to test without Azure, without a port and without a pause |
//! | [`errors`] | which errors there are, and what to do about each |
//! | [`bodies`] | large, secret and JSON messages |
//! | [`other_programs`] | what Azure Functions, Event Grid, Dapr and Logic Apps expect |
//! | [`limits`] | the limits of the service, and how fast it is |
//! | [`many_messages`] | how to pass more messages than one queue takes |
//! | [`moving`] | how to move from another library |
//!
//! Several pages name `azq`, the tool of this project for people who look after queues:
//! `cargo install azq` installs the tool, and `azq help` explains it.

pub mod alarms {
    #![doc = include_str!("guide/alarms.md")]

    pub mod backlog {
        #![doc = include_str!("guide/alarms/backlog.md")]
    }
    pub mod credential {
        #![doc = include_str!("guide/alarms/credential.md")]
    }
    pub mod leases {
        #![doc = include_str!("guide/alarms/leases.md")]
    }
    pub mod oldest {
        #![doc = include_str!("guide/alarms/oldest.md")]
    }
    pub mod poison {
        #![doc = include_str!("guide/alarms/poison.md")]
    }
    pub mod throttling {
        #![doc = include_str!("guide/alarms/throttling.md")]
    }
}
pub mod authorization {
    #![doc = include_str!("guide/authorization.md")]
}
pub mod bodies {
    #![doc = include_str!("guide/bodies.md")]
}
pub mod errors {
    #![doc = include_str!("guide/errors.md")]
}
pub mod first_message {
    #![doc = include_str!("guide/first_message.md")]
}
pub mod kubernetes {
    #![doc = include_str!("guide/kubernetes.md")]
}
pub mod limits {
    #![doc = include_str!("guide/limits.md")]
}
pub mod many_messages {
    #![doc = include_str!("guide/many_messages.md")]
}
pub mod metrics {
    #![doc = include_str!("guide/metrics.md")]
}
pub mod moving {
    #![doc = include_str!("guide/moving.md")]
}
pub mod naming {
    #![doc = include_str!("guide/naming.md")]
}
pub mod other_programs {
    #![doc = include_str!("guide/other_programs.md")]
}
pub mod production {
    #![doc = include_str!("guide/production.md")]
}
pub mod receiving {
    #![doc = include_str!("guide/receiving.md")]
}
pub mod testing_your_code {
    #![doc = include_str!("guide/testing_your_code.md")]
}

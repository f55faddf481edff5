//! [`operations!`], the table of everything that is known about an operation before it is called.
//! Come here to add an operation of the service: the compiler names what is missing then.

/// Hands the rows of the table to the macro `$make`.
///
/// There is one row for each operation, in the order of the index of the REST reference: the name of
/// its type in [`ops`](crate::ops), which is also its name in [`OperationKind`](crate::OperationKind)
/// and in [`AnyOperation`](crate::AnyOperation), and its [`Facts`](crate::kind::Facts). The facts are
/// from the page of the operation and from the pages "Create an account SAS", "Create a service SAS"
/// and "Authorize with Microsoft Entra ID".
///
/// This is a macro, and not a list of values, because enums, conversions and matches without a gap
/// are made from it. The rows stand below everything that is made from them, so that nothing has to
/// import upwards.
macro_rules! operations {
    ($make:ident) => {
        $make! {
            /// The operation of the page "List Queues".
            ListQueues => Facts {
                name: "ListQueues",
                route: Route::service(&[Verb::Get], "list"),
                idempotence: Idempotence::Safe,
                secondary: SecondaryAccess::Allowed,
                permission: Permission::account_sas(Service, &['l'])
                    .actions(&[&[action!("queues/read")]]),
            },
            /// The operation of the page "Get Queue Service Properties".
            GetServiceProperties => Facts {
                name: "GetQueueServiceProperties",
                route: Route::service(&[Verb::Get], "properties").restype(),
                idempotence: Idempotence::Safe,
                secondary: SecondaryAccess::Allowed,
                permission: Permission::account_sas(Service, &['r'])
                    .actions(&[&[action!("read")]]),
            },
            /// The operation of the page "Set Queue Service Properties".
            SetServiceProperties => Facts {
                name: "SetQueueServiceProperties",
                route: Route::service(&[Verb::Put], "properties").restype(),
                idempotence: Idempotence::Idempotent,
                secondary: SecondaryAccess::Never,
                // The page prints the action `read`, which cannot be meant.
                permission: Permission::account_sas(Service, &['w'])
                    .actions(&[&[action!("write")]]),
            },
            /// The operation of the page "Preflight Queue Request".
            Preflight => Facts {
                name: "PreflightQueueRequest",
                route: Route::anywhere(&[Verb::Options]),
                idempotence: Idempotence::Safe,
                secondary: SecondaryAccess::Never,
                permission: Permission::ANONYMOUS,
            },
            /// The operation of the page "Get Queue Service Stats".
            GetServiceStats => Facts {
                name: "GetQueueServiceStats",
                route: Route::service(&[Verb::Get], "stats").restype(),
                idempotence: Idempotence::Safe,
                secondary: SecondaryAccess::Only,
                permission: Permission::account_sas(Service, &['r'])
                    .actions(&[&[action!("read")]]),
            },
            /// The operation of the page "Get User Delegation Key".
            GetUserDelegationKey => Facts {
                name: "GetUserDelegationKey",
                route: Route::service(&[Verb::Post], "userdelegationkey").restype(),
                idempotence: Idempotence::Safe,
                secondary: SecondaryAccess::Never,
                permission: Permission::only_bearer(
                    &[&[action!("generateUserDelegationKey/action")]],
                ),
            },
            /// The operation of the page "Create Queue".
            CreateQueue => Facts {
                name: "CreateQueue",
                route: Route::queue(&[Verb::Put], ""),
                idempotence: Idempotence::Idempotent,
                secondary: SecondaryAccess::Never,
                permission: Permission::account_sas(Container, &['c', 'w'])
                    .actions(&[&[action!("queues/write")]]),
            },
            /// The operation of the page "Delete Queue".
            DeleteQueue => Facts {
                name: "DeleteQueue",
                route: Route::queue(&[Verb::Delete], ""),
                idempotence: Idempotence::Idempotent,
                secondary: SecondaryAccess::Never,
                permission: Permission::account_sas(Container, &['d'])
                    .actions(&[&[action!("queues/delete")]]),
            },
            /// The operation of the page "Get Queue Metadata".
            GetQueueMetadata => Facts {
                name: "GetQueueMetadata",
                route: Route::queue(&[Verb::Get, Verb::Head], "metadata"),
                idempotence: Idempotence::Safe,
                secondary: SecondaryAccess::Allowed,
                permission: Permission::account_sas(Container, &['r'])
                    .queue_sas('r')
                    .actions(&[&[action!("queues/read")]]),
            },
            /// The operation of the page "Set Queue Metadata".
            SetQueueMetadata => Facts {
                name: "SetQueueMetadata",
                route: Route::queue(&[Verb::Put], "metadata"),
                idempotence: Idempotence::Idempotent,
                secondary: SecondaryAccess::Never,
                permission: Permission::account_sas(Container, &['w'])
                    .actions(&[&[action!("queues/write")]]),
            },
            /// The operation of the page "Get Queue ACL".
            GetQueueAcl => Facts {
                name: "GetQueueACL",
                route: Route::queue(&[Verb::Get, Verb::Head], "acl"),
                idempotence: Idempotence::Safe,
                secondary: SecondaryAccess::Allowed,
                permission: Permission::NO_SAS.actions(&[&[action!("queues/getAcl/action")]]),
            },
            /// The operation of the page "Set Queue ACL".
            SetQueueAcl => Facts {
                name: "SetQueueACL",
                route: Route::queue(&[Verb::Put], "acl"),
                idempotence: Idempotence::Idempotent,
                secondary: SecondaryAccess::Never,
                permission: Permission::NO_SAS.actions(&[&[action!("queues/setAcl/action")]]),
            },
            /// The operation of the page "Put Message".
            PutMessage => Facts {
                name: "PutMessage",
                route: Route::messages(&[Verb::Post]),
                idempotence: Idempotence::Effectful,
                secondary: SecondaryAccess::Never,
                permission: Permission::account_sas(Object, &['a']).queue_sas('a').actions(&[
                    &[action!("queues/messages/add/action")],
                    &[action!("queues/messages/write")],
                ]),
            },
            /// The operation of the page "Get Messages".
            GetMessages => Facts {
                name: "GetMessages",
                route: Route::messages(&[Verb::Get]),
                idempotence: Idempotence::Effectful,
                secondary: SecondaryAccess::Never,
                permission: Permission::account_sas(Object, &['p']).queue_sas('p').actions(&[
                    &[action!("queues/messages/process/action")],
                    &[action!("queues/messages/delete"), action!("queues/messages/read")],
                ]),
            },
            /// The operation of the page "Peek Messages".
            PeekMessages => Facts {
                name: "PeekMessages",
                route: Route::messages(&[Verb::Get]).peek_only(),
                idempotence: Idempotence::Safe,
                secondary: SecondaryAccess::Allowed,
                permission: Permission::account_sas(Object, &['r'])
                    .queue_sas('r')
                    .actions(&[&[action!("queues/messages/read")]]),
            },
            /// The operation of the page "Update Message".
            UpdateMessage => Facts {
                name: "UpdateMessage",
                route: Route::message(&[Verb::Put]),
                idempotence: Idempotence::Idempotent,
                secondary: SecondaryAccess::Never,
                permission: Permission::account_sas(Object, &['u'])
                    .queue_sas('u')
                    .actions(&[&[action!("queues/messages/write")]]),
            },
            /// The operation of the page "Delete Message".
            DeleteMessage => Facts {
                name: "DeleteMessage",
                route: Route::message(&[Verb::Delete]),
                idempotence: Idempotence::Idempotent,
                secondary: SecondaryAccess::Never,
                permission: Permission::account_sas(Object, &['p']).queue_sas('p').actions(&[
                    &[action!("queues/messages/process/action")],
                    &[action!("queues/messages/delete")],
                ]),
            },
            /// The operation of the page "Clear Messages".
            ClearMessages => Facts {
                name: "ClearMessages",
                route: Route::messages(&[Verb::Delete]),
                idempotence: Idempotence::Idempotent,
                secondary: SecondaryAccess::Never,
                permission: Permission::account_sas(Object, &['d'])
                    .actions(&[&[action!("queues/messages/delete")]]),
            },
        }
    };
}

pub(crate) use operations;

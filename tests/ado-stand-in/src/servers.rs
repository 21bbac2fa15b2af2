//! The products that a publisher meets, each with what is known to set it apart (contract §1.3 and §2.3).

use crate::settings::{AUTOMATION_MISMATCH, PlanSettings, Settings};

/// A product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// Azure DevOps Services.
    Services,
    /// Team Foundation Server 2018, which is older than what the contract is about.
    Tfs2018,
    /// Azure DevOps Server 2019.
    Server2019,
    /// Azure DevOps Server 2019 Update 1.
    Server2019Update1,
    /// Azure DevOps Server 2020.
    Server2020,
    /// Azure DevOps Server 2022.
    Server2022,
    /// Azure DevOps Server 2022.1 and 2022.2.
    Server2022Update1,
    /// Azure DevOps Server without a year in its name.
    ServerWithoutYear,
}

impl Settings {
    /// The settings of a product, with a collection as it is called there.
    #[must_use]
    pub fn of(server: Server) -> Settings {
        let services = server == Server::Services;
        let old = matches!(
            server,
            Server::Tfs2018 | Server::Server2019 | Server::Server2019Update1 | Server::Server2020
        );
        Settings {
            hosted: services,
            collection: if services {
                "contoso"
            } else {
                "tfs/DefaultCollection"
            }
            .into(),
            max_api_version: match server {
                Server::Tfs2018 => (4, 1),
                Server::Server2019 => (5, 0),
                Server::Server2019Update1 => (5, 1),
                Server::Server2020 => (6, 0),
                Server::Server2022 => (7, 0),
                Server::Services | Server::Server2022Update1 => (7, 1),
                Server::ServerWithoutYear => (7, 2),
            },
            replies_of_2020: old,
            plans: PlanSettings {
                automation_mismatch: old.then(|| AUTOMATION_MISMATCH.to_owned()),
                ..PlanSettings::default()
            },
            ..Settings::default()
        }
    }
}

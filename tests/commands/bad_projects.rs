//! bad_projects

//! Every store on bad days, under load, with two processes of the application.
mod outage;
mod shutdown;
mod visitor;

//! Every store on bad days, under load, with two processes of the application.
mod full;
mod hostile;
mod idle;
mod outage;
mod replicas;
mod shutdown;
mod visitor;

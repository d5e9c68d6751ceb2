//! What happens to instances and images by themselves, and what sets it off.

use serde::{Deserialize, Serialize};

use super::launch::public_address;
use crate::model::behaviour::{self, App, Behaviour, Condition};
use crate::model::ec2::{
    ImageId, ImageState, Instance, InstanceId, InstanceState, InterfaceId, SnapshotId, VolumeId,
};
use crate::model::{Event, Model, Time};
use crate::timing::Delay;

/// What EC2 does by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ec2Event {
    /// A pending instance is there.
    Running(InstanceId),
    /// A stopping instance is at rest.
    Stopped(InstanceId),
    /// An instance that shuts down is gone.
    Terminated(InstanceId),
    /// A terminated instance is no longer listed.
    Forgotten(InstanceId),
    /// An image's snapshots are complete, and with them the image, unless it was deregistered meanwhile.
    ImageComplete(ImageId, Vec<SnapshotId>),
    /// The application in an instance is not what it was.
    AppTurned(InstanceId),
    /// A service's network interface is gone.
    InterfaceGone(InterfaceId),
}

/// The tag that says how an image's application starts: a number of seconds from `running` until it accepts
/// connections, or `never`. It stands in for what is inside the image, which the model cannot look at.
pub const LISTENING_TAG: &str = "local-aws:listening-after";

/// Lets an event happen, at `model.now`. An event whose subject has moved on meanwhile does nothing.
pub fn apply(model: &mut Model, event: Ec2Event) {
    match event {
        Ec2Event::Running(id) => running(model, &id),
        Ec2Event::Stopped(id) => stopped(model, &id),
        Ec2Event::Terminated(id) => terminated(model, &id),
        Ec2Event::Forgotten(id) => {
            model.ec2.instances.remove(&id);
            model.ec2.tags.remove(id.as_str());
        }
        Ec2Event::ImageComplete(id, snapshots) => complete(model, &id, &snapshots),
        Ec2Event::AppTurned(id) => crate::autoscaling::instance_changed(model, &id),
        Ec2Event::InterfaceGone(id) => unplug(model, &id),
    }
}

fn running(model: &mut Model, id: &InstanceId) {
    let now = model.now;
    if in_state(model, id, InstanceState::Pending).is_none() {
        return;
    }
    boot(model, id);
    let status_ok_from = now + model.random.delay(model.timing.ec2.status_check_initial);
    if let Some(instance) = model.ec2.instances.get_mut(id) {
        instance.state = InstanceState::Running;
        instance.status_ok_from = Some(status_ok_from);
    }
}

/// Lets the application in an instance come up, as its image has it. Whatever ran in it before is down.
fn boot(model: &mut Model, id: &InstanceId) {
    let Some(image) = model.ec2.instances.get(id).map(|instance| instance.image.clone()) else { return };
    let behaviour = behaviour(model, &image);
    let (now, usual) = (model.now, model.timing.ec2.running_to_listening);
    let Some(instance) = model.ec2.instances.get_mut(id) else { return };
    instance.life.turn(now, Condition::Closed);
    behaviour.begin(&mut instance.life, now, usual, &mut model.random);
    let closes = instance.life.changes().last().filter(|(_, condition)| !condition.is_open());
    if let Some((moment, _)) = closes.filter(|(moment, _)| *moment > now) {
        model.queue.push(*moment, Event::Ec2(Ec2Event::AppTurned(id.clone())));
    }
}

/// How an image turns out: by the model's rules, else by the image's tag, else well and in the usual time.
fn behaviour(model: &Model, image: &ImageId) -> Behaviour {
    let tag = model.ec2.tags_of(image.as_str()).get(LISTENING_TAG).map(String::as_str);
    behaviour::of(model, image.as_str()).unwrap_or_else(|| match tag {
        Some("never") => Behaviour { boot: None, app: App::NeverListens },
        seconds => {
            let seconds = seconds.and_then(|seconds| seconds.parse().ok());
            Behaviour { boot: seconds.map(|seconds| Delay::secs(seconds, seconds)), app: App::Healthy }
        }
    })
}

fn stopped(model: &mut Model, id: &InstanceId) {
    if let Some(instance) = in_state(model, id, InstanceState::Stopping) {
        instance.state = InstanceState::Stopped;
    }
}

fn terminated(model: &mut Model, id: &InstanceId) {
    let Some(instance) = in_state(model, id, InstanceState::ShuttingDown) else { return };
    instance.state = InstanceState::Terminated;
    let (volumes, card) = (std::mem::take(&mut instance.volumes), instance.interface.clone());
    for id in volumes {
        leave(model, &id);
    }
    unplug(model, &card);
    crate::elb::forget(model, id);
    crate::elbv2::targets::forget(model, id);
    model.schedule(model.timing.ec2.terminated_visible, Event::Ec2(Ec2Event::Forgotten(id.clone())));
}

/// A disk whose instance has ended goes with it, or stays behind on its own.
fn leave(model: &mut Model, id: &VolumeId) {
    match model.ec2.volumes.get_mut(id) {
        Some(volume) if !volume.disk.delete_on_termination => volume.instance = None,
        _ => {
            model.ec2.volumes.remove(id);
            model.ec2.tags.remove(id.as_str());
        }
    }
}

fn unplug(model: &mut Model, id: &InterfaceId) {
    model.ec2.interfaces.remove(id);
    model.ec2.tags.remove(id.as_str());
}

fn complete(model: &mut Model, id: &ImageId, snapshots: &[SnapshotId]) {
    if let Some(image) = model.ec2.images.get_mut(id) {
        image.state = ImageState::Available;
    }
    for id in snapshots {
        if let Some(snapshot) = model.ec2.snapshots.get_mut(id) {
            snapshot.completed = true;
        }
    }
}

fn in_state<'m>(model: &'m mut Model, id: &InstanceId, state: InstanceState) -> Option<&'m mut Instance> {
    model.ec2.instances.get_mut(id).filter(|instance| instance.state == state)
}

/// Begins to terminate an instance, unless it is on that way already. Gives the state it was in.
pub(super) fn terminate(model: &mut Model, id: &InstanceId, reason: (&str, &str)) -> Option<InstanceState> {
    let now = model.now;
    let instance = model.ec2.instances.get_mut(id)?;
    let before = instance.state;
    if matches!(before, InstanceState::ShuttingDown | InstanceState::Terminated) {
        return Some(before);
    }
    instance.state = InstanceState::ShuttingDown;
    come_down(instance, now, reason);
    crate::autoscaling::instance_changed(model, id);
    model
        .schedule(model.timing.ec2.shutting_down_to_terminated, Event::Ec2(Ec2Event::Terminated(id.clone())));
    Some(before)
}

/// Begins to stop a running instance. Its public address goes.
pub(super) fn stop(model: &mut Model, id: &InstanceId) {
    let now = model.now;
    let Some(instance) = in_state(model, id, InstanceState::Running) else { return };
    instance.state = InstanceState::Stopping;
    come_down(instance, now, USER_STOP);
    let card = instance.interface.clone();
    model.ec2.interfaces.entry(card).and_modify(|card| card.public_ip = None);
    crate::autoscaling::instance_changed(model, id);
    model.schedule(model.timing.ec2.stopping_to_stopped, Event::Ec2(Ec2Event::Stopped(id.clone())));
}

const USER_STOP: (&str, &str) =
    ("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown");

/// Why an instance shuts down when its owner asked for it.
pub(super) const USER_TERMINATION: (&str, &str) =
    ("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown");

fn come_down(instance: &mut Instance, now: Time, (code, message): (&str, &str)) {
    instance.life.turn(now, Condition::Down);
    instance.status_ok_from = None;
    instance.state_reason = Some((code.to_owned(), message.to_owned()));
    instance.transition_reason = format!("User initiated ({} GMT)", &now.stamp()[..19].replace('T', " "));
}

/// Begins to start a stopped instance, with a new public address where its subnet gives one.
pub(super) fn start(model: &mut Model, id: &InstanceId) {
    let now = model.now;
    let Some(instance) = in_state(model, id, InstanceState::Stopped) else { return };
    instance.state = InstanceState::Pending;
    instance.state_reason = None;
    instance.transition_reason = String::new();
    instance.launched = now;
    let (card, subnet) = (instance.interface.clone(), instance.subnet.clone());
    if model.ec2.subnets.get(&subnet).is_some_and(|subnet| subnet.map_public_ip) {
        let address = public_address(model);
        model.ec2.interfaces.entry(card).and_modify(|card| card.public_ip = Some(address));
    }
    model.schedule(model.timing.ec2.pending_to_running, Event::Ec2(Ec2Event::Running(id.clone())));
}

/// Reboots a running instance: it stays `running`, but its application has to come up again.
pub(super) fn reboot(model: &mut Model, id: &InstanceId) {
    if in_state(model, id, InstanceState::Running).is_some() {
        boot(model, id);
    }
}

/// Has the application in a running instance be in a condition from now on: a crash, a cure.
pub(super) fn turn(model: &mut Model, id: &InstanceId, condition: Condition) {
    let now = model.now;
    let Some(instance) = in_state(model, id, InstanceState::Running) else { return };
    instance.life.turn(now, condition);
    crate::autoscaling::instance_changed(model, id);
}

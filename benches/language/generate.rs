//! Sources to measure with: shaped like what people bring from Terraform, the same on every machine.
//!
//! In a piece of source `@` stands for a service's name, and `NN` for two digits of its number.

/// A service with a bit of everything that the syntax has.
const SERVICE: &str = r##"
# --- @: behind its own balancer, rolled by blue and green ---------------------
locals {
  @_name = "${var.environment}-@"
  @_tags = merge(local.common_tags, {
    Name      = local.@_name
    Team      = "platform" // who is paged
    CostGroup = lookup(var.cost_groups, "@", "shared")
  })
  @_ports = [for p in var.ports : p.number if p.public && p.number < 49152]
}

security_group "@" {
  vpc_id = vpc.main
  ingress = [
    { from_port = 80, to_port = 80, protocol = "tcp", cidr_blocks = ["10.NN.0.0/16", "192.168.NN.0/24"] },
    { from_port = 443, to_port = 443, protocol = "tcp", security_groups = [security_group.edge.id] },
  ]
  tags = local.@_tags
}

launch_configuration "@" {
  image_id        = ami.base.id
  instance_type   = var.environment == "production" ? "m3.large" : "t3.small"
  security_groups = [security_group.@.id, security_group.common.id]

  user_data = <<-SCRIPT
    #!/bin/bash
    set -euo pipefail
    echo "starting ${local.@_name} in ${var.region}" | logger -t boot
    export SERVICE_PORT=80NN WORKERS=${var.workers["@"]}
    %{ for key, value in var.settings ~}
    echo "${key}=${value}" >> /etc/default/@
    %{ endfor ~}
    systemctl enable --now @.service
  SCRIPT

  root_block_device {
    volume_size = 20GiB # grows with the logs
    encrypted   = true
  }
}

/* The group's sizes are those of the day it was written;
   a schedule changes them at night. */
autoscaling_group "@" {
  launch             = launch_configuration.@
  min_size           = 2
  max_size           = max(4, var.peak * 3 / 2 + 1)
  availability_zones = ["us-east-1a", "us-east-1b", "us-east-1c"]
  load_balancers     = [elb.@]

  swap {
    strategy       = "blue_green"
    bake           = 10m
    min_in_service = 80%
  }

  tags = {
    "Name"               = "@-${each.key}-${substr(sha256("@"), 0, 8)}"
    "kubernetes.io/role" = "node"
  }
}

elb "@" {
  availability_zones = ["us-east-1a", "us-east-1b", "us-east-1c"]

  listener {
    lb_port       = 80
    lb_protocol   = "http"
    instance_port = 80NN
  }
  listener {
    lb_port       = 443
    lb_protocol   = "https"
    instance_port = 80NN
  }
  health_check {
    target   = "HTTP:80NN/health?verbose=${!var.quiet}"
    interval = 10s
  }
}

route53_record "@" {
  zone_id = data.route53_zone.main.zone_id
  name    = "@.${var.environment}.example.com"
  type    = "A"
  alias { target = elb.@ }
}
"##;

/// What all services of [`project`] share.
const SHARED: &str = r#"
project "services" { region = "us-east-1" }
variable "environment" {
  type    = enum("staging", "production")
  default = "staging"
}
vpc "main" { cidr_block = "10.0.0.0/16" }
route53_zone "main" { name = "services.test" }
security_group "balancers" {
  vpc_id  = vpc.main
  ingress = [{ from_port = 80, to_port = 80, cidr_blocks = ["0.0.0.0/0"] }]
}
"#;

/// Five objects that refer to each other.
const OBJECTS: &str = r##"
locals {
  @_sizes = { staging = 1, production = 3 }
  @_tags  = { service = "@", team = "team-${var.environment}-NN" }
}
security_group "@" {
  vpc_id = vpc.main
  ingress {
    from_port       = 8000 + NN
    to_port         = 80NN
    security_groups = [security_group.balancers]
  }
  tags = local.@_tags
}
launch_configuration "@" {
  image_id        = "ami-22de994a"
  instance_type   = var.environment == "production" ? "m3.large" : "t3.small"
  security_groups = [security_group.@, security_group.balancers.id]
  user_data       = <<-END
    #!/bin/sh
    exec /srv/@ --environment ${upper(var.environment)} --port 80NN
  END
}
autoscaling_group "@" {
  launch             = launch_configuration.@
  min_size           = local.@_sizes[var.environment]
  max_size           = max(4, local.@_sizes[var.environment] * 2)
  availability_zones = [for zone in ["a", "b"] : "us-east-1${zone}"]
  load_balancers     = [elb.@]
  swap               = { strategy = "canary", bake = 10m }
  tags               = merge(local.@_tags, { role = "server" })
}
elb "@" {
  availability_zones = ["us-east-1a", "us-east-1b"]
  security_groups    = [security_group.balancers]
  listener {
    lb_port       = 80
    lb_protocol   = "http"
    instance_port = 80NN
  }
  health_check { target = "HTTP:80NN/health" }
}
route53_record "@" {
  zone_id = route53_zone.main
  name    = "@"
  type    = "A"
  alias   = { target = elb.@ }
}
"##;

/// One file of at least so many bytes.
pub fn file(bytes: usize) -> String {
    let services = (0..).map(|number| service(SERVICE, number));
    services
        .scan(0, |length, text| {
            let before = *length;
            *length += text.len();
            (before < bytes).then_some(text)
        })
        .collect()
}

/// So many files of about 5 KB.
pub fn files(count: usize) -> Vec<String> {
    (0..count).map(|at| (0..2).map(|nth| service(SERVICE, 2 * at + nth)).collect()).collect()
}

/// A project of so many objects in so many files, without any error.
pub fn project(objects: usize, files: usize) -> Vec<String> {
    let services = objects / 5;
    let of_file = |at: usize| (at..services).step_by(files).map(|number| service(OBJECTS, number));
    let mut texts: Vec<String> = (0..files).map(|at| of_file(at).collect()).collect();
    texts[0].push_str(SHARED);
    texts
}

fn service(source: &str, number: usize) -> String {
    source.replace('@', &format!("service_{number:05}")).replace("NN", &format!("{:02}", number % 100))
}

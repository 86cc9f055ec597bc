//! The command as a user runs it: the JSON of each scenario, and the errors for bad options.

use std::process::{Command, Output};

use serde_json::Value;

fn run(arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gossip-lab"));
    command.args(arguments.split_whitespace()).output().unwrap()
}

#[test]
fn each_scenario_gives_one_object_with_its_fields() {
    let cases: &[(&str, &str)] = &[
        ("join --nodes 8", "nodes all_know_s packets_per_node bytes_per_node seed_bytes"),
        (
            "spread --nodes 8 --requests off --latency 1",
            "nodes all_know_s rounds copies_per_node ids_per_node datagrams_per_node residue",
        ),
        ("reconcile --records 100 --different 3", "records different bytes datagrams round_trips"),
        ("missed --nodes 8", "nodes repaired_s"),
        ("restart --nodes 8", "nodes all_know_s bytes_per_node"),
        ("partition --nodes 8 --minutes 1", "nodes all_know_s equal_s"),
        ("churn --nodes 5 --grace 60", "nodes replaced forgotten_s false_deaths"),
        ("crash --nodes 8 --trials 2", "nodes first_notice_s last_notice_s spread"),
        (
            "detect --nodes 20 --crashes 3 --churn 20",
            "nodes first_ping_intervals_mean first_ping_intervals_p999 first_death_s_median \
             all_know_s_median all_know_s_max",
        ),
        (
            "loss --nodes 8 --minutes 1 --loss 0.1 --trials 2",
            "nodes loss requests hours false_deaths_per_member_hour upper95 false_deaths suspicions",
        ),
        (
            "flap --nodes 8 --fault cut --minutes 6",
            "nodes faulty fault healthy_dead healthy_dead_at_faulty transitions_per_minute",
        ),
        (
            "oneway --nodes 12 --minutes 1",
            "nodes lossy healthy_dead lossy_dead deaf_listed_by mute_listed_by deaf mute",
        ),
        ("pause --nodes 8 --seconds 1,5", "nodes false_deaths all_see_it_up_s_max pauses"),
        (
            "suspend --nodes 8 --minutes 1 --over 1",
            "nodes minutes suspicions_told false_deaths_told settled_s",
        ),
        (
            "lifeguard --config swim,ours --quick --slow 2 --anomaly 128 --gap 16384 --long 1024",
            "agents configs",
        ),
        ("trace --nodes 8", "nodes trace delivered"),
        ("soak --seeds 1", "seeds failures"),
    ];
    for (arguments, fields) in cases {
        let output = run(&format!("{arguments} --json"));
        let object: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{arguments}: {error}: {output:?}"));
        for field in fields.split_whitespace() {
            assert!(!object[field].is_null(), "{arguments} has no {field}: {object}");
        }
        assert!(output.status.success(), "{arguments}");
    }
}

#[test]
fn nonsense_is_answered_with_one_line() {
    for arguments in [
        "",
        "jump",
        "join --nodes 1",
        "join --nodes many",
        "join --loss 1.5",
        "join --latency 3-1",
        "join --requests perhaps",
        "join --trials 0",
        "reconcile --records 10 --different 11",
        "crash --nodes 4 --svg -/-/-",
        "join --nodes 4 --svg no/such/folder/plot.svg",
        "detect --nodes 4 --churn 101",
        "flap --minutes 5",
        "lifeguard --slow 128",
        "lifeguard --config hare",
        "lifeguard --trials 2",
        "loss --minutes 1 --hours 1",
        "pause --seconds 0",
        "soak --seeds 0",
        "soak --seeds 1 --trials 2",
    ] {
        let output = run(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && output.stdout.is_empty(), "{arguments}");
        assert_eq!(said.lines().count(), 1, "{arguments}: {said}");
        assert!(said.starts_with("error: "), "{arguments}: {said}");
    }
}

#[test]
fn a_plot_has_a_line_for_each_trial() {
    let plot = plot("join --nodes 8 --trials 3");
    assert_eq!(plot.matches("stroke-width=\"2\"").count(), 3, "{plot}");
}

#[test]
fn a_plot_of_several_configurations_names_them() {
    let few = "--slow 1 --anomaly 128 --gap 16384 --long 16384 --repetitions 1";
    let plot = plot(&format!("lifeguard --config lifeguard,ours {few}"));
    assert!(plot.contains("Lifeguard") && plot.contains("ours"), "{plot}");
}

/// Returns the plot of a run with these arguments.
fn plot(arguments: &str) -> String {
    let name = arguments.split(' ').next().unwrap();
    let path = std::env::temp_dir().join(format!("gossip-{}-{name}.svg", std::process::id()));
    let output = run(&format!("{arguments} --svg {}", path.display()));
    assert!(output.status.success(), "{output:?}");
    let plot = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(plot.starts_with("<svg") && plot.trim_end().ends_with("</svg>"));
    plot
}

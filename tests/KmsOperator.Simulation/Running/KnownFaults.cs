namespace KmsOperator.Simulation.Running;

/// <summary>
/// A fault that the simulation found and nobody has mended yet. Whoever mends it moves its script to <see cref="MendedFaults"/>.
/// </summary>
/// <param name="Promise">The promise that it breaks, as <see cref="RunResult.Promise"/> has it.</param>
/// <param name="Reason">What happens.</param>
/// <param name="Script">The shortest script that shows it.</param>
internal sealed record Fault(string Promise, string Reason, string Script);

/// <summary>The faults that are known and not mended.</summary>
internal static class KnownFaults
{
    private const string InTheEnd = "In the end everything is as described.";
    private const string Unknown = "Every key of the operator's is known to a resource, or marked as left.";
    private const string AliasLeft = "An alias that a resource no longer names is deleted.";
    private const string ReadyIsTrue = "A resource that is Ready is as described.";

    public static IReadOnlyList<Fault> All { get; } =
    [
        new(InTheEnd, "after a restore of the store the watches wait for a version that the server will not reach", """
            seed 16 operators 1 stale 0
            0 create team-a/one className=strict users=role0
            0.038 backup
            32.395 restore
            """),
        new(ReadyIsTrue, "after a restore of the store a resource goes on as in the lost future", """
            seed 65 operators 1 stale 0
            0 create team-a/one deletionPolicy=Retain className=strict keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC users=role0
            54.642 backup
            71.903 edit team-a/one description=d1 tag=t1
            105.282 restore
            """),
        new(Unknown, "a key whose owner tags were taken off is not found again when the status is erased as well", """
            seed 73 operators 1 stale 0
            0 create team-a/one alias=alias/x0 className=strict keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC users=role0
            22.2 kms-untag-marks team-a/one
            48.618 erase-status team-a/one
            """),
        new(AliasLeft, "an alias is left where the status is erased and the alias is changed while no operator runs", """
            seed 7 operators 1 stale 0
            0 create team-a/one className=strict
            95.275 kill A
            95.469 edit team-a/one enabled=true users=role2 alias=alias/team0
            110.469 erase-status team-a/one
            """),
        new(Unknown, "a key whose owner tags were taken off just before its resource is deleted is not marked as left", """
            seed 69 operators 1 stale 0
            0 create team-a/two deletionPolicy=Retain users=role2
            55.892 kms-untag-marks team-a/two
            56.055 delete team-a/two
            """),
        new(AliasLeft, "an alias is left where a new resource's alias is changed to one that another resource has", """
            seed 50 operators 1 stale 0
            0 create team-a/two alias=alias/team1 deletionPolicy=Delete keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            0 create team-b/one
            0.989 edit team-b/one alias=alias/team1
            """),
    ];
}

/// <summary>Scripts that showed a fault once: each is a test from then on.</summary>
internal static class MendedFaults
{
    private const string InTheEnd = "In the end everything is as described.";
    private const string Unknown = "Every key of the operator's is known to a resource, or marked as left.";
    private const string AliasLeft = "An alias that a resource no longer names is deleted.";
    private const string TwoKeys = "A resource never has two usable keys.";

    public static IReadOnlyList<Fault> All { get; } =
    [
        new(InTheEnd, "rotate-at on a disabled key keeps the resource Stalled for ever", """
            seed 62 operators 1 stale 0
            0 create team-a/one deletionPolicy=Delete users=role2
            1.759 edit team-a/one enabled=false
            1.92 rotate-at team-a/one r1
            """),
        new(TwoKeys, "a status that is erased while KMS does not show the new key yet leads to a second key", """
            seed 119 operators 1 stale 8
            0 create team-b/one deletionPolicy=Delete className=strict keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            2.509 erase-status team-b/one
            """),
        new(Unknown, "a forged status makes the resource's own key unknown", """
            seed 72 operators 1 stale 0
            0 create team-a/one deletionPolicy=Retain
            0 create team-b/one alias=alias/x1 users=role2
            38.954 forge-status team-b/one team-a/one
            """),
        new(InTheEnd, "a forged status that names another's key keeps the resource from its own key for ever", """
            seed 76 operators 1 stale 0
            0 create team-a/two alias=alias/team1 deletionPolicy=Retain multiRegion=true replicaRegions=eu-west-1
            0 create team-b/one keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            29.506 forge-status team-b/one team-a/two
            40.109 kms-schedule-deletion team-b/one
            """),
        new(AliasLeft, "an alias is left where the status is erased and the alias is changed at the same time", """
            seed 17 operators 1 stale 0
            0 create team-a/one deletionPolicy=Delete keySpec=HMAC_256 keyUsage=GENERATE_VERIFY_MAC
            27.799 erase-status team-a/one
            27.975 edit team-a/one enabled=false users=role0 alias=alias/team1
            """),
    ];
}

using KmsOperator.Simulation.Running;
using KmsOperator.Simulation.Scripts;

namespace KmsOperator.Simulation.Repairs;

/// <summary>The simulation finds faults again that were found by other means once, when their repair is taken out.</summary>
public sealed class RepairTests
{
    public static TheoryData<string, string> Scripts => new()
    {
        {
            nameof(Repair.WriteFence), """
            seed 1 operators 2 stale 0
            0 create team-a/one multiRegion=true replicaRegions=eu-west-1
            19.029 pause-at B apply/servicekeys 1 30
            19.029 edit team-a/one additionalAliases=alias/x0
            45.029 erase-status team-a/one
            """
        },
        {
            nameof(Repair.LiveRead), """
            seed 1 operators 1 stale 0
            0 create team-a/one deletionPolicy=Delete
            20 fail-aws DescribeKey Slow 1
            20 delete team-a/one
            20.5 hold-watches A
            21 edit team-a/one deletionPolicy=Retain
            60 release-watches A
            """
        },
        {
            nameof(Repair.RotationRecord), """
            seed 1 operators 1 stale 0
            0 create team-a/one
            20 fail-aws RotateKeyOnDemand Slow 1
            20 rotate-at team-a/one r1
            25 kill A
            """
        },
        {
            nameof(Repair.PrimaryCheck), """
            seed 83 operators 1 stale 0
            40.383 create team-a/one multiRegion=true replicaRegions=eu-west-1
            46.383 edit team-a/one primaryRegion=eu-west-1
            90.936 edit team-a/one primaryRegion=us-east-1
            """
        },
        {
            nameof(Repair.AliasRecord), """
            seed 1 operators 1 stale 0
            0 create team-a/one
            20 kill-at A CreateAlias 1
            20.1 edit team-a/one alias=alias/x0
            20.3 edit team-a/one alias=alias/y0
            """
        },
        {
            nameof(Repair.LostStatus), """
            seed 1 operators 1 stale 0
            0 create team-a/one deletionPolicy=Retain
            20 kill A
            20.1 erase-status team-a/one
            20.2 delete team-a/one
            """
        },
        {
            nameof(Repair.NewList), """
            seed 16 operators 1 stale 0
            0 create team-a/one className=strict
            20 backup
            30 edit team-a/one description=d1 tag=t1
            40 restore
            40.1 create team-a/two
            """
        },
        {
            nameof(Repair.IndependentSteps), """
            seed 1 operators 1 stale 0
            0 create team-a/one
            20 delete-role role1
            20.1 edit team-a/one users=role1 description=new
            """
        },
    };

    [Theory]
    [MemberData(nameof(Scripts))]
    public void A_script_breaks_a_promise_without_the_repair_and_keeps_it_with_it(string repair, string script)
    {
        Assert.NotNull(SimulationRun.Of(Script.Parse(script), without: Enum.Parse<Repair>(repair)).Failure);
        Assert.Null(SimulationRun.Of(Script.Parse(script)).Failure);
    }
}

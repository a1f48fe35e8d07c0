namespace KmsOperator.Simulation.Protocol;

public sealed class CreationProtocolTests(ITestOutputHelper output)
{
    public static TheoryData<string, string> Guards => new()
    {
        { nameof(ProtocolGuards.RecordBeforeCreate), "a process that is killed while the answer is on its way takes the only knowledge of the key with it" },
        { nameof(ProtocolGuards.OptimisticLock), "whoever decides on an old state overwrites the record of another's attempt" },
        { nameof(ProtocolGuards.LookForTheKey), "a lost answer is taken for a call without effect" },
        { nameof(ProtocolGuards.WaitOutTheWindow), "a read may be older than the key" },
        { nameof(ProtocolGuards.CountFromTheFirstLook), "a process that was stopped between record and send takes its call for long decided" },
        { nameof(ProtocolGuards.FinalizerStandsForAnAttempt), "people may remove or change the annotation" },
        { nameof(ProtocolGuards.CheckTheLease), "a process that was stopped for longer than the window sends what it had decided before" },
    };

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(0, true)]
    public void No_order_of_events_makes_two_keys_or_one_that_nobody_knows(int edits, bool mayRefuse)
    {
        var search = Search(new ProtocolGuards(), new ProtocolTimes { Edits = edits, MayRefuse = mayRefuse }, CreationProtocol.Violation);
        var found = search.Run();
        output.WriteLine($"{search.States} states");
        Assert.True(found is null, found is null ? "" : string.Join("\n", found));
        Assert.True(search.States > 100_000);
    }

    [Theory]
    [MemberData(nameof(Guards))]
    public void Without_a_guard_the_search_finds_what_it_protects_against(string guard, string reason)
    {
        var found = Search(Without(guard), new ProtocolTimes { Edits = guard == nameof(ProtocolGuards.FinalizerStandsForAnAttempt) ? 1 : 0 }, CreationProtocol.TwoKeys).Run();
        Assert.True(found is not null, reason);
        output.WriteLine(string.Join("\n", found));
    }

    [Fact]
    public void A_process_that_is_killed_without_a_record_leaves_a_key_that_nobody_knows()
    {
        var found = Search(Without(nameof(ProtocolGuards.RecordBeforeCreate)), new ProtocolTimes(), CreationProtocol.UnknownKey).Run();
        Assert.NotNull(found);
        output.WriteLine(string.Join("\n", found));
    }

    [Fact]
    public void A_window_that_is_shorter_than_what_the_world_may_take_is_not_enough()
    {
        var found = Search(new ProtocolGuards(), new ProtocolTimes { Window = 1 }, CreationProtocol.TwoKeys).Run();
        Assert.NotNull(found);
        output.WriteLine(string.Join("\n", found));
    }

    [Fact]
    public void From_everywhere_the_key_can_still_be_made_and_stored()
    {
        var times = new ProtocolTimes { Crashes = 1, Attempts = 2, Edits = 1, MayRefuse = true };
        var search = Search(new ProtocolGuards(), times, CreationProtocol.Violation);
        Assert.Null(search.Run());

        // Lost calls use attempts up, and the model follows few of them: what comes after the last is not known.
        Assert.Equal(0, search.CountDeadEnds(state => CreationProtocol.IsDone(state) || state.Attempts == times.Attempts));
        Assert.True(search.States > 10_000);
    }

    private static StateSearch Search(ProtocolGuards guards, ProtocolTimes times, Func<ProtocolState, string?> violation) =>
        new(new CreationProtocol(guards, times), violation);

    private static ProtocolGuards Without(string guard) => guard switch
    {
        nameof(ProtocolGuards.RecordBeforeCreate) => new() { RecordBeforeCreate = false },
        nameof(ProtocolGuards.OptimisticLock) => new() { OptimisticLock = false },
        nameof(ProtocolGuards.LookForTheKey) => new() { LookForTheKey = false },
        nameof(ProtocolGuards.WaitOutTheWindow) => new() { WaitOutTheWindow = false },
        nameof(ProtocolGuards.CountFromTheFirstLook) => new() { CountFromTheFirstLook = false },
        nameof(ProtocolGuards.FinalizerStandsForAnAttempt) => new() { FinalizerStandsForAnAttempt = false },
        nameof(ProtocolGuards.CheckTheLease) => new() { CheckTheLease = false },
        _ => throw new ArgumentOutOfRangeException(nameof(guard), guard, "There is no such guard."),
    };
}

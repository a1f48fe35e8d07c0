using CsCheck;
using KmsOperator.Planning;
using KmsOperator.Policies;
using Xunit;

namespace KmsOperator.UnitTests.Planning;

public sealed class GrantPlanningTests
{
    private static readonly DesiredGrant A = Grant("a", "Decrypt");
    private static readonly DesiredGrant ChangedA = Grant("a", "Decrypt", "Encrypt");
    private static readonly DesiredGrant B = Grant("b", "Decrypt");

    private static readonly Gen<DesiredGrant[]> AnyGrants =
        from a in Gen.OneOf<DesiredGrant?>(null, A, ChangedA)
        from b in Gen.OneOf<DesiredGrant?>(null, B)
        select new[] { a, b }.OfType<DesiredGrant>().ToArray();

    private static readonly Gen<ObservedGrant[]> AnyObserved =
        from own in Gen.OneOf(A, ChangedA, B).Array[0, 4]
        from foreign in Gen.OneOf("", "a", "servicekey-dev", "other:a:0123456789abcdef").Array[0, 2]
        from equal in Gen.OneOf(A, ChangedA, B).Array[0, 2]
        select own.Select((grant, index) => ObservedGrant.Of(grant, $"own-{index}"))
            .Concat(foreign.Select((name, index) => new ObservedGrant($"foreign-{index}", name, ["Decrypt"])))
            .Concat(equal.Select((grant, index) => ObservedGrant.Of(grant, $"equal-{index}") with { KmsName = "theirs" })).ToArray();

    [Fact]
    public void Executing_a_plan_leaves_each_wanted_grant_once_unless_others_made_it_and_all_grants_of_others() =>
        Gen.Select(AnyGrants, AnyObserved).Sample((wanted, seen) =>
        {
            var (desired, observed) = (Desired(wanted), Observed(seen));
            var steps = Steps(desired, observed);
            var after = steps.Aggregate(observed, (key, step) => (step is CreateGrantStep create ? create with { GrantId = $"new-{create.Grant.KmsName}" } : step).ApplyTo(key));

            Assert.Empty(Steps(desired, after));
            var needed = wanted.Where(grant => seen.Any(own => own.KmsName == grant.KmsName) || !seen.Any(other => !other.IsOwn && other.MeansTheSameAs(grant)));
            Assert.Equal(needed.Select(grant => grant.KmsName).Order(), after.Grants!.Where(grant => grant.IsOwn).Select(grant => grant.KmsName).Order());
            Assert.Equal(seen.Where(grant => !grant.IsOwn), after.Grants!.Where(grant => !grant.IsOwn));
            Assert.True(steps.FindIndex(step => step is RevokeGrantStep) is var revoke && (revoke < 0 || !steps.Skip(revoke).Any(step => step is CreateGrantStep)), "new grants come first");
        });

    [Fact]
    public void Grants_that_were_not_read_are_neither_made_nor_revoked() => Assert.Empty(Steps(Desired(A), Observed() with { Grants = null }));

    [Fact]
    public void A_grant_that_was_made_twice_is_kept_once_and_the_older_one_stays()
    {
        var time = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var later = ObservedGrant.Of(A, "0") with { CreationDate = time.AddSeconds(1) };

        var revoke = Assert.IsType<RevokeGrantStep>(Assert.Single(Steps(Desired(A), Observed(later, ObservedGrant.Of(A, "1") with { CreationDate = time }))));

        Assert.Equal(later, revoke.Grant);
    }

    // the refused step; whether the grant is made, whether the one that it replaces is revoked, whether one that is only removed is revoked; why
    public static TheoryData<KeyStep, bool, bool, bool, string> Refusals => new()
    {
        { new CreateGrantStep(ChangedA), true, false, true, "who has access keeps it until the new grant is there" },
        { new CreateGrantStep(Grant("c", "Encrypt")), true, true, true, "another grant has nothing to do with it" },
        { new EnableKeyStep(), false, true, true, "KMS makes no grants on a disabled key" },
        { new UpdateKeyDescriptionStep("new"), true, true, true, "a description has nothing to do with it" },
        { new CancelKeyDeletionStep(), false, false, false, "everything waits for the cancellation" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void A_refused_step_holds_back_only_the_grants_that_depend_on_it(KeyStep refused, bool isMade, bool isReplaced, bool isRemoved, string why)
    {
        Assert.True(new CreateGrantStep(ChangedA).DependsOn(refused) != isMade, why);
        Assert.True(new RevokeGrantStep(ObservedGrant.Of(A, "1"), ChangedA).DependsOn(refused) != isReplaced, why);
        Assert.True(new RevokeGrantStep(ObservedGrant.Of(B, "2"), null).DependsOn(refused) != isRemoved, why);
    }

    // ids that KMS shows after A was made as 1, revoked, and made again as 2; ids that count; why
    public static TheoryData<string[], string[], string> Lists => new()
    {
        { [], ["2"], "KMS shows the state before all of it" },
        { ["1"], ["2"], "KMS shows the first grant still" },
        { ["1", "2"], ["2"], "KMS does not show the revocation yet" },
        { ["2"], ["2"], "KMS shows all" },
        { ["2", "foreign"], ["2", "foreign"], "somebody made one meanwhile" },
    };

    [Theory]
    [MemberData(nameof(Lists))]
    public void What_KMS_shows_late_is_replaced_by_what_was_written(string[] shown, string[] expected, string why)
    {
        var made = new CreateGrantStep(A) { GrantId = "1" };
        var revoked = new RevokeGrantStep(ObservedGrant.Of(A, "1"), null);
        var writes = RecentWrites.None.Add(made, Observed(), default).Add(revoked, Observed(ObservedGrant.Of(A, "1")), default)
            .Add(new CreateGrantStep(A) { GrantId = "2" }, Observed(), default);

        var seen = Observed([.. shown.Select(id => id == "foreign" ? new ObservedGrant(id, "", ["Decrypt"]) : ObservedGrant.Of(A, id))]);

        Assert.True(expected.Order().SequenceEqual(writes.ReplaceStale(seen).Grants!.Select(grant => grant.Id).Order()), why);
    }

    public static TheoryData<DesiredGrant, string> Differences => new()
    {
        { A with { Name = "b" }, "the name" },
        { A with { Operations = ["Encrypt"] }, "the operations" },
        { A with { GranteePrincipal = "arn:aws:iam::111122223333:role/Other" }, "the grantee" },
        { A with { GranteePrincipal = null, GranteeServicePrincipal = A.GranteePrincipal }, "who the grantee is" },
        { A with { SourceArn = "arn:aws:sqs:us-east-1:123456789012:q" }, "the source" },
        { A with { RetiringPrincipal = "arn:aws:iam::111122223333:role/App" }, "who may retire it" },
        { A with { EncryptionContextEquals = Pairs("a", "b") }, "the encryption context" },
        { A with { EncryptionContextSubset = Pairs("a", "b") }, "what must be in the encryption context" },
        { A with { EncryptionContextEquals = Pairs("c", "b") }, "a key of the encryption context" },
        { A with { EncryptionContextEquals = Pairs("a", "c") }, "a value of the encryption context" },
        { A with { Operations = [.. A.Operations, "RetireGrant"] }, "one operation more" },
    };

    [Theory]
    [MemberData(nameof(Differences))]
    public void Whatever_differs_gives_a_grant_another_name_in_KMS(DesiredGrant other, string what)
    {
        Assert.True(A.KmsName != other.KmsName, what);
        Assert.True(GrantName.IsOwn(other.KmsName));
        Assert.Equal(other.Name, GrantName.InSpec(other.KmsName));
    }

    [Fact]
    public void No_two_of_them_have_the_same_name() => Assert.Distinct(Differences.Select(row => row.Data.Item1.KmsName));

    [Fact]
    public void The_order_of_pairs_does_not_count_and_the_longest_name_is_one_that_KMS_takes()
    {
        var one = new DesiredGrant(new string('n', 200), ["Decrypt"]) { EncryptionContextEquals = Pairs("a", "1", "b", "2") };
        var other = one with { EncryptionContextEquals = Pairs("b", "2", "a", "1") };

        Assert.Equal(one.KmsName, other.KmsName);
        Assert.Matches("^[a-zA-Z0-9:/_-]{1,256}$", one.KmsName);
    }

    private static Dictionary<string, string> Pairs(params string[] texts) => texts.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);

    private static DesiredGrant Grant(string name, params string[] operations) => new(name, operations) { GranteePrincipal = "arn:aws:iam::111122223333:role/App" };

    private static List<KeyStep> Steps(DesiredKey desired, ObservedKey observed) => [.. KeyPlanner.Plan(desired, observed, KeyRecord.Empty).Steps];

    private static DesiredKey Desired(params DesiredGrant[] grants)
    {
        var owner = new KeyOwner("ServiceKey", "shop", "orders", "uid-1", "cluster");
        return new DesiredKey
        {
            Owner = owner,
            Location = new KeyLocation("111122223333", "eu-west-1"),
            Description = "a",
            AliasName = "alias/a",
            KeySpec = "SYMMETRIC_DEFAULT",
            KeyUsage = "ENCRYPT_DECRYPT",
            Policy = PolicyRenderer.Render(new PolicyRequest { Region = "eu-west-1", AccountId = "111122223333", Service = "s3" }),
            Tags = KeyTags.Merge(owner, "a"),
            Grants = grants,
        };
    }

    private static ObservedKey Observed(params ObservedGrant[] grants)
    {
        var desired = Desired();
        return new ObservedKey
        {
            KeyId = "key-1",
            Arn = "arn:aws:kms:eu-west-1:111122223333:key/key-1",
            KeyState = KeyStates.Enabled,
            Description = desired.Description,
            KeySpec = desired.KeySpec,
            KeyUsage = desired.KeyUsage,
            Policy = desired.Policy.Text,
            Tags = desired.Tags,
            AliasTargets = new Dictionary<string, string> { [desired.AliasName] = "key-1" },
            Grants = grants,
        };
    }
}

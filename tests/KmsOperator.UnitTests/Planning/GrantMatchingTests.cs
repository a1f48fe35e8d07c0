using CsCheck;
using KmsOperator.Planning;
using Xunit;

namespace KmsOperator.UnitTests.Planning;

public sealed class GrantMatchingTests
{
    private const string App = "arn:aws:iam::111122223333:role/App";
    private const string Queue = "arn:aws:sqs:eu-west-1:111122223333:q";

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DesiredGrant Wanted = new("reader", ["Decrypt", "DescribeKey"]) { GranteePrincipal = App };
    private static readonly DesiredGrant ForService = new("queue", ["Decrypt"]) { GranteeServicePrincipal = "sqs.amazonaws.com", SourceArn = Queue };
    private static readonly ObservedGrant Equal = Foreign(Wanted);

    // a wanted grant, one of others on the key, whether they mean the same, why
    public static TheoryData<DesiredGrant, ObservedGrant, bool, string> Pairs => new()
    {
        { Wanted, Equal, true, "it is the same but for the name" },
        { Wanted, Equal with { KmsName = "terraform-reader" }, true, "a name of its own means nothing" },
        { Wanted, Equal with { Operations = ["DescribeKey", "Decrypt"] }, true, "operations are a set" },
        { Wanted, Equal with { Operations = ["Decrypt", "DescribeKey", "Decrypt"] }, true, "KMS may list one twice" },
        { Wanted, Equal with { Operations = ["Decrypt"] }, false, "it gives less" },
        { Wanted, Equal with { Operations = ["Decrypt", "DescribeKey", "Encrypt"] }, false, "it gives more, and nobody asked for that" },
        { Wanted, Equal with { GranteePrincipal = App + "2" }, false, "it is for another role" },
        { Wanted, Equal with { GranteePrincipal = "AROAEXAMPLEEXAMPLE" }, false, "the role was deleted, and one that was made again is another" },
        { Wanted, Equal with { RetiringPrincipal = App }, false, "somebody may retire it, and nobody was to" },
        { Wanted, Equal with { RetiringServicePrincipal = "ebs.eu-west-1.amazonaws.com" }, false, "a service retires it when its own work is done" },
        { Wanted with { RetiringPrincipal = App }, Equal, false, "nobody may retire it, and somebody was to" },
        { Wanted with { RetiringPrincipal = App }, Equal with { RetiringPrincipal = App }, true, "the same may retire it" },
        { Wanted, Equal with { EncryptionContextEquals = new Dictionary<string, string>() }, true, "no pairs are no constraint" },
        { Wanted, Equal with { EncryptionContextEquals = Context("a", "1") }, false, "it is constrained, and was not to be" },
        { Wanted with { EncryptionContextEquals = Context("a", "1") }, Equal, false, "it is not constrained" },
        { Wanted with { EncryptionContextEquals = Context("a", "1", "b", "2") }, Equal with { EncryptionContextEquals = Context("b", "2", "a", "1") }, true, "the order of pairs means nothing" },
        { Wanted with { EncryptionContextEquals = Context("a", "1") }, Equal with { EncryptionContextEquals = Context("a", "2") }, false, "another value" },
        { Wanted with { EncryptionContextEquals = Context("a", "1") }, Equal with { EncryptionContextEquals = Context("A", "1") }, false, "another key: KMS tells cases apart" },
        { Wanted with { EncryptionContextEquals = Context("a", "1") }, Equal with { EncryptionContextSubset = Context("a", "1") }, false, "a subset permits more than the whole" },
        { ForService, Foreign(ForService), true, "where nobody is named to retire it, the service may, and KMS lists that" },
        { ForService, Foreign(ForService) with { RetiringServicePrincipal = null }, false, "the service may not retire it" },
        { ForService, Foreign(ForService) with { SourceArn = Queue + "2" }, false, "it is for another resource" },
        { ForService, Foreign(ForService) with { SourceArn = null }, false, "it is for any resource" },
        { ForService, Foreign(ForService) with { GranteeServicePrincipal = null, GranteePrincipal = "sqs.amazonaws.com" }, false, "KMS lists the service otherwise, so nobody knows that it means the same" },
    };

    [Theory]
    [MemberData(nameof(Pairs))]
    public void A_grant_of_others_counts_only_if_it_means_exactly_the_same(DesiredGrant wanted, ObservedGrant other, bool counts, string why)
    {
        Assert.True(GrantMatching.Match([wanted], [other]).ContainsKey(wanted) == counts, why);
        Assert.True(GrantMatching.FindLeft(["foreign"], [wanted], [other]).Count == (counts ? 0 : 1), why);
    }

    // ids of the grants on the key, oldest first; the wanted entries; the id that each entry gets; why
    public static TheoryData<ObservedGrant[], DesiredGrant[], string[], string> Shares => new()
    {
        { [Equal with { Id = "1" }, Equal with { Id = "2" }], [Wanted], ["1"], "the oldest is the steadiest" },
        { [Equal with { Id = "1" }, Equal with { Id = "2" }], [Wanted, Wanted with { Name = "other" }], ["1", "2"], "each gets one of its own, as the other tool has two" },
        { [Equal with { Id = "1" }], [Wanted, Wanted with { Name = "other" }], ["1", "1"], "two that mean the same may share one" },
        { [Equal with { Id = "1" }], [Wanted, Wanted with { Operations = ["Decrypt"] }], ["1", ""], "one that means something else is missing" },
        { [Equal with { Id = "1" }, ObservedGrant.Of(Wanted, "own")], [Wanted], ["own"], "the operator keeps what it made" },
        { [ObservedGrant.Of(Wanted, "own")], [Wanted with { Name = "renamed" }], [""], "a grant of its own under another name is one to revoke, and a new one is made, as before" },
    };

    [Theory]
    [MemberData(nameof(Shares))]
    public void Each_entry_gets_the_grant_that_is_meant(ObservedGrant[] grants, DesiredGrant[] wanted, string[] ids, string why)
    {
        ObservedGrant[] dated = [.. grants.Select((grant, index) => grant with { CreationDate = Start.AddSeconds(index) })];
        var matches = GrantMatching.Match(wanted, [.. dated.Reverse()]);

        Assert.True(ids.SequenceEqual(wanted.Select(one => matches.GetValueOrDefault(one)?.Id ?? "")), why);
    }

    [Fact]
    public void What_was_counted_on_and_is_not_any_more_is_left_until_it_is_gone()
    {
        Assert.Equal(["foreign"], GrantMatching.FindLeft(["foreign"], [], [Equal]).Select(grant => grant.Id));
        Assert.Empty(GrantMatching.FindLeft(["foreign"], [], []));
        Assert.Empty(GrantMatching.FindLeft(["another"], [], [Equal]));
        Assert.Empty(GrantMatching.FindLeft(["own"], [], [ObservedGrant.Of(Wanted, "own")]));
    }

    [Fact]
    public void The_order_in_which_KMS_lists_grants_changes_nothing() =>
        Gen.Select(Gen.Int[0, 3].Array[0, 6], Gen.Int[0, 3].Array[0, 4], Gen.Int[0, 1000]).Sample((listed, wanted, seed) =>
        {
            ObservedGrant[] grants = [.. listed.Select((kind, index) => Foreign(Kind(kind)) with { Id = $"{index}", CreationDate = Start.AddSeconds(index % 3) })];
            DesiredGrant[] entries = [.. wanted.Select((kind, index) => Kind(kind) with { Name = $"n{index}" })];
            var shuffled = grants.Select((grant, index) => (grant, Place: (index * 7919) ^ seed)).OrderBy(one => one.Place).Select(one => one.grant).ToArray();

            var (left, right) = (GrantMatching.Match(entries, grants), GrantMatching.Match(entries, shuffled));

            Assert.Equal(entries.Select(entry => left.GetValueOrDefault(entry)?.Id), entries.Select(entry => right.GetValueOrDefault(entry)?.Id));
            Assert.All(left, match => Assert.True(match.Value.MeansTheSameAs(match.Key)));
            Assert.Equal(entries.Where(entry => grants.Any(grant => grant.MeansTheSameAs(entry))), entries.Where(left.ContainsKey));
        });

    private static DesiredGrant Kind(int kind) => kind switch
    {
        0 => Wanted,
        1 => Wanted with { Operations = ["Decrypt"] },
        2 => Wanted with { EncryptionContextSubset = Context("a", "1") },
        _ => ForService,
    };

    private static ObservedGrant Foreign(DesiredGrant grant) => ObservedGrant.Of(grant, "foreign") with { KmsName = "" };

    private static Dictionary<string, string> Context(params string[] texts) => texts.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);
}

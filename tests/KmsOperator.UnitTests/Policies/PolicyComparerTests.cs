using System.Text.Json.Nodes;
using CsCheck;
using KmsOperator.Policies;
using Xunit;

namespace KmsOperator.UnitTests.Policies;

public sealed class PolicyComparerTests
{
    private static readonly Gen<KeyPolicy> AnyPolicy =
        from service in Gen.OneOf([.. ServiceCatalogue.Services.Keys])
        from administrators in Gen.OneOf("Admin", "team/Admin").List[0, 3]
        from users in Gen.OneOf("App", "Batch").List[0, 3]
        from trusted in Gen.OneOf("444455556666", "777788889999").List[0, 2]
        select PolicyRenderer.Render(new PolicyRequest
        {
            Region = "eu-west-1",
            AccountId = "111122223333",
            Service = service,
            Actions = ServiceLimits.TryGet(service)!.Actions,
            Administrators = [.. administrators.Select(name => $"arn:aws:iam::111122223333:role/{name}")],
            Users = [.. users.Select(name => $"arn:aws:iam::111122223333:role/{name}")],
            TrustedAccounts = trusted,
            CrossAccountViaService = users.Count > 1,
        });

    [Fact]
    public void Another_form_of_a_policy_is_the_same_policy_with_the_same_hash() =>
        Gen.Select(AnyPolicy, Gen.Int).Sample((policy, seed) =>
        {
#pragma warning disable RS0030 // Seeded by the property.
            var reformed = Reform(JsonNode.Parse(policy.Text)!, new Random(seed))!.ToJsonString(new() { WriteIndented = seed % 2 == 0 });
#pragma warning restore RS0030
            using var document = System.Text.Json.JsonDocument.Parse(reformed);
            return PolicyComparer.AreEquivalent(policy.Text, reformed) && KeyPolicy.Of(document.RootElement).Sha256 == policy.Sha256;
        });

    [Fact]
    public void A_policy_with_one_thing_changed_is_another_policy() =>
        Gen.Select(AnyPolicy, Gen.Int[0, 4], Gen.Int[0, 1000]).Sample((policy, change, pick) =>
        {
            var document = JsonNode.Parse(policy.Text)!;
            var statements = document["Statement"]!.AsArray();
            var statement = statements[pick % statements.Count]!.AsObject();
            switch (change)
            {
                case 0:
                    statements.RemoveAt(pick % statements.Count);
                    break;
                case 1:
                    statement["Effect"] = statement["Effect"]!.GetValue<string>() == "Allow" ? "Deny" : "Allow";
                    break;
                case 2:
                    statement["Action"] = "kms:Nothing";
                    break;
                case 3:
                    statement["Principal"] = new JsonObject { ["AWS"] = "arn:aws:iam::111122223333:role/Somebody" };
                    break;
                default:
                    statement["Condition"] = new JsonObject { ["Bool"] = new JsonObject { ["aws:MultiFactorAuthPresent"] = "true" } };
                    break;
            }

            return !PolicyComparer.AreEquivalent(policy.Text, document.ToJsonString());
        });

    // left, right, same, why
    public static TheoryData<string, string, bool, string> Pairs => new()
    {
        { """{"AWS":"123456789012"}""", """{"AWS":"arn:aws-cn:iam::123456789012:root"}""", true, "KMS stores an account id as its root, in any partition" },
        { "\"*\"", """{"AWS":"*"}""", true, "IAM: both mean everyone" },
        { "\"*\"", """{"AWS":"arn:aws:iam::123456789012:root"}""", false, "an account is not everyone" },
        { """{"AWS":["a","b"]}""", """{"AWS":["b","a","a"]}""", true, "lists are sets" },
        { """{"AWS":"a"}""", """{"Service":"a"}""", false, "a service is not a principal of AWS" },
    };

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Principals_are_compared_by_meaning(string left, string right, bool same, string why)
    {
        static string Document(string principal) => $$"""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{{principal}},"Action":"kms:*","Resource":"*"} }""";
        Assert.True(PolicyComparer.AreEquivalent(Document(left), Document(right)) == same, why);
    }

    // left, right, same, why
    public static TheoryData<string, string, bool, string> Elements => new()
    {
        { "'Condition':{}", "'Sid':''", true, "empty elements are none" },
        { "'Sid':'Enable root'", "'Sid':'RootAccess'", true, "a Sid is a name, and decides nothing" },
        { "'Condition':{'StringEquals':{'aws:sourceaccount':'1'}}", "'Condition':{'stringequals':{'aws:SourceAccount':['1']}}", true, "operators and keys have no case" },
        { "'Condition':{'StringEquals':{'aws:PrincipalTag/x':'A'}}", "'Condition':{'StringEquals':{'aws:PrincipalTag/x':'a'}}", false, "values have" },
        { "'Condition':{'StringEquals':{'aws:PrincipalTag/x':'暗号'}}", @"'Condition':{'StringEquals':{'aws:PrincipalTag/x':'\u6697\u53f7'}}", true, "an escape is its character" },
    };

    [Theory]
    [MemberData(nameof(Elements))]
    public void Statements_are_compared_by_meaning(string left, string right, bool same, string why)
    {
        static string Document(string element) =>
            "{'Statement':{'Effect':'Allow','Principal':'*','Action':'kms:*','Resource':'*',ELEMENT}}".Replace("ELEMENT", element, StringComparison.Ordinal).Replace('\'', '"');
        Assert.True(PolicyComparer.AreEquivalent(Document(left), Document(right)) == same, why);
    }

    [Theory]
    [InlineData("2008-10-17", true)]
    [InlineData("2012-10-17", false)]
    public void A_document_without_Version_has_the_oldest(string version, bool same)
    {
        const string without = """{"Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}}""";
        Assert.Equal(same, PolicyComparer.AreEquivalent(without, without.Insert(1, $"\"Version\":\"{version}\",")));
    }

    // text, text in eu-west-1, why
    public static TheoryData<string, string, string> Relocations => new()
    {
        { "s3.us-east-1.amazonaws.com", "s3.eu-west-1.amazonaws.com", "a service endpoint" },
        { "arn:aws:logs:us-east-1:123456789012:*", "arn:aws:logs:eu-west-1:123456789012:*", "the Region field of an ARN" },
        { "arn:aws:iam::123456789012:role/us-east-1-admin", "arn:aws:iam::123456789012:role/us-east-1-admin", "a role's name is a name" },
        { "arn:aws:s3:::bucket.us-east-1.amazonaws.com", "arn:aws:s3:::bucket.us-east-1.amazonaws.com", "a bucket's name is a name" },
        { "us-east-1", "us-east-1", "free text; aws:RequestedRegion and the like are the author's" },
        { "arn:aws:logs:us-east-12:1:*", "arn:aws:logs:us-east-12:1:*", "another Region that begins alike" },
    };

    [Theory]
    [MemberData(nameof(Relocations))]
    public void A_Region_is_replaced_only_where_it_is_an_address(string text, string relocated, string why)
    {
        using var document = System.Text.Json.JsonDocument.Parse(new JsonObject { ["Sid"] = text, ["Value"] = text }.ToJsonString());
        var result = PolicyRelocation.ToRegion(document.RootElement, "us-east-1", "eu-west-1");
        Assert.True(result.GetProperty("Value").GetString() == relocated, why);
        Assert.Equal(text, result.GetProperty("Sid").GetString());
    }

    private static JsonNode? Reform(JsonNode? node, Random random)
    {
        switch (node)
        {
            case JsonObject json:
                var members = json.Select(member => (member.Key, Value: Reform(member.Value, random))).ToArray();
                random.Shuffle(members);
                return new JsonObject(members.Select(member => KeyValuePair.Create(
                    member.Key, member.Value is JsonValue && member.Key is not ("Sid" or "Effect" or "Version") && random.Next(2) == 0 && member.Key != "Principal" ? new JsonArray(member.Value) : member.Value)));
            case JsonArray array:
                var items = array.Select(item => Reform(item, random)).ToArray();
                random.Shuffle(items);
                return items is [JsonValue] && random.Next(2) == 0 ? items[0] : new JsonArray(items);
            default:
                return node?.DeepClone();
        }
    }
}

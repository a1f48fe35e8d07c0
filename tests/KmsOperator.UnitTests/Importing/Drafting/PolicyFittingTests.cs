using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Importing;
using KmsOperator.Importing.Drafting;
using KmsOperator.Policies;
using Xunit;

namespace KmsOperator.UnitTests.Importing.Drafting;

/// <summary>Which manifest says a generated policy, whoever wrote that.</summary>
public sealed class PolicyFittingTests
{
    private const string Organization = "o-a1b2c3d4e5";

    // The values that the CRDs' samples have.
    internal static IReadOnlyDictionary<string, (string Field, string Value)> Parameters { get; } = new Dictionary<string, (string, string)>
    {
        ["cloudtrail"] = ("trailArns", "arn:aws:cloudtrail:us-east-1:123456789012:trail/main"),
        ["guardduty"] = ("detectorArns", "arn:aws:guardduty:us-east-1:123456789012:detector/12abc34d567e8fa901bc2d34eexample"),
        ["auditmanager"] = ("topicArns", "arn:aws:sns:us-east-1:123456789012:audit"),
        ["cloudfront"] = ("distributionArns", "arn:aws:cloudfront::123456789012:distribution/E1ABCDEF2GHIJ"),
        ["s3-inventory"] = ("bucketArns", "arn:aws:s3:::acme-data"),
        ["s3-storage-lens"] = ("storageLensArns", "arn:aws:s3:us-east-1:123456789012:storage-lens/main"),
        ["s3-tables"] = ("tableBucketArns", "arn:aws:s3tables:us-east-1:123456789012:bucket/tables"),
        ["s3-vectors"] = ("vectorBucketArns", "arn:aws:s3vectors:us-east-1:123456789012:bucket/vectors"),
        ["ses"] = ("receiptRuleArns", "arn:aws:ses:us-east-1:123456789012:receipt-rule-set/main:receipt-rule/store"),
        ["athena-managed"] = ("workgroupArns", "arn:aws:athena:us-east-1:123456789012:workgroup/analysts"),
        ["aurora-dsql"] = ("clusterArns", "arn:aws:dsql:us-east-1:123456789012:cluster/foo0bar1baz2quux3quuux4"),
        ["dynamodb-global"] = ("tableArns", "arn:aws:dynamodb:us-east-1:123456789012:table/orders"),
        ["redshift-zeroetl"] = ("integrationArns", "arn:aws:redshift:us-east-1:123456789012:integration:a1b2c3d4-5678-90ab-cdef-111111111111"),
        ["autoscaling"] = ("serviceLinkedRoleArns", "arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_team"),
        ["eventbridge"] = ("eventBusArns", "arn:aws:events:us-east-1:123456789012:event-bus/orders"),
        ["fargate"] = ("clusterNames", "orders"),
        ["route53-dnssec"] = ("hostedZoneArns", "arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ"),
    };

    public static TheoryData<string> Services => [.. ServiceCatalogue.Services.Keys];

    [Fact]
    public void Each_service_that_takes_parameters_is_tried_with_one() => Assert.Equal(
        ServiceCatalogue.Services.Values.SelectMany(row => row.Parameters.Keys.Select(field => $"{row.Name} {field}")).Order(StringComparer.Ordinal),
        Parameters.Select(one => $"{one.Key} {one.Value.Field}").Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Services))]
    public void A_generated_policy_is_said_by_its_service_preset_and_parameters(string service)
    {
        var values = Parameters.TryGetValue(service, out var parameter) ? new[] { null, parameter.Value } : [null];
        var cases = from preset in Enum.GetValues<PolicyPreset>()
                    from value in values
                    from shared in new (string? Organization, string Trusted)[] { (null, ""), (Organization, "444455556666") }
                    select (preset, value, shared.Organization, shared.Trusted);
        foreach (var (preset, value, organization, trusted) in cases)
        {
            var (draft, key) = Draft(service, preset, value is null ? null : (parameter.Field, value), organization, trusted);

            var context = $"{preset} {value} {organization} {trusted}: {JsonSerializer.Serialize(key.Spec, ApiJsonContext.Default.ServiceKeySpec)}";
            Assert.True(draft.Keys.Single().Draft.KeepsPolicy, context);
            Assert.DoesNotContain(draft.Keys.Single().Notes, note => note.StartsWith("policy.", StringComparison.Ordinal));
            Assert.Equal(organization, draft.Classes.Single().Spec.Guards?.OnlyOrganization);
            Assert.True(key.Spec.Service == service, context);

            // A service that has nothing of its own has the same policy by both presets where nobody has access; here somebody has.
            Assert.True(key.Spec.Policy?.Preset == (preset == PolicyPreset.Scoped ? "Scoped" : null), context);
            Assert.True(key.Spec.Policy?.AdditionalStatements is null && key.Spec.Policy?.Override is null, context);
            var parameters = key.Spec.ServiceParameters is { } spec ? JsonSerializer.SerializeToNode(spec, ApiJsonContext.Default.ServiceParametersSpec)!.AsObject() : [];
            Assert.True(value is null ? parameters.Count == 0 : (string?)parameters[parameter.Field]![0] == value, context);
        }
    }

    [Fact]
    public void A_Scoped_policy_with_one_statement_more_is_Scoped_with_that_statement_and_the_report_names_it()
    {
        var policy = Rendered("s3", PolicyPreset.Scoped);
        policy["Statement"]!.AsArray().Add(JsonNode.Parse("""{"Sid":"Deny far","Effect":"Deny","Principal":"*","Action":"kms:Decrypt","Resource":"*"}"""));

        var (draft, key) = Draft(Key("s3", policy));

        Assert.Equal(("s3", "Scoped", 1), (key.Spec.Service, key.Spec.Policy!.Preset, key.Spec.Policy.AdditionalStatements!.Count));
        Assert.Equal("preset Scoped, the policy of service s3 and 1 statement of its own", draft.Keys.Single().Policy);
        Assert.Contains("policy.additionalStatements, because no generated policy that fits has \"Deny far\"", draft.Keys.Single().Notes);
    }

    // policy, what the report says, why
    public static TheoryData<string, string, string> Others => new()
    {
        { "one lacks", "policy.additionalStatements, because no generated policy that fits has \"SnsEventSources\"; the policy of service sns does not fit, since its \"ViaService\" is not in this one", "the likeliest service's policy has more" },
        { "no root", "policy.override, because it has no statement that allows the account's root kms:* and nothing else, as every generated policy has", "nothing is generated without the root" },
        { "version", "policy.override, because its Version is not 2012-10-17, that of every generated policy", "an old Version has another meaning" },
        { "taken Sid", "not \"the common statements and 1 statement of its own\", because spec.policy.additionalStatements[0]", "a Sid that the generated policy has" },
        { "a trail by pattern", "because no generated policy that fits has \"CloudTrailEncrypt\"", "parameters take no patterns" },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void Where_a_policy_is_not_generated_the_report_says_why(string what, string message, string why)
    {
        var (service, policy) = what switch
        {
            "one lacks" => ("sns", Without(Rendered("sns", PolicyPreset.Canonical), "ViaService")),
            "no root" => ("s3", Root("arn:aws:iam::123456789012:role/Admin", "kms:*")),
            "version" => ("s3", Root("arn:aws:iam::123456789012:root", "kms:*", "2008-10-17")),
            "taken Sid" => ("s3", With(Root("arn:aws:iam::123456789012:root", "kms:*"), """{"Sid":"RootAccess","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/R"},"Action":"kms:Decrypt","Resource":"*"}""")),
            _ => ("cloudtrail", Rendered("cloudtrail", PolicyPreset.Canonical, ("trailArns", "arn:aws:cloudtrail:us-east-1:123456789012:trail/ma*"))),
        };

        var (draft, _) = Draft(Key(service, policy));

        Assert.True(draft.Keys.Single().Draft.KeepsPolicy, why);
        Assert.True(draft.Keys.Single().Notes.Any(note => note.Contains(message, StringComparison.Ordinal)), $"{why}: {string.Join('\n', draft.Keys.Single().Notes)}");
    }

    [Fact]
    public void A_class_has_an_organization_only_where_all_its_keys_have_it()
    {
        var (bound, free) = (Key("s3", Rendered("s3", PolicyPreset.Scoped, organization: Organization)), Key("sqs", Rendered("sqs", PolicyPreset.Scoped)) with { Arn = Arn(2) });

        var draft = ImportDrafting.Draft(new ForeignKeys { Keys = [bound, free] }, null);

        Assert.Null(Assert.Single(draft.Classes).Spec.Guards);
        Assert.All(draft.Keys, key => Assert.True(key.Draft.KeepsPolicy));
        Assert.Contains(draft.Keys[0].Notes, note => note.Contains("\"GuardOrganization\"", StringComparison.Ordinal));
        Assert.Equal("preset Scoped, the policy of service sqs", draft.Keys[1].Policy);
    }

    // days of the key's rotation, the class's limits, statements of the key's own, why
    public static TheoryData<int?, int?, int, string> Rotations => new()
    {
        { 180, 180, 0, "the rotation is within the limits" },
        { null, 180, 0, "nothing is known of the rotation, and the class's is within" },
        { 90, null, 1, "the class would refuse the key, so the statement stays with it" },
    };

    [Theory]
    [MemberData(nameof(Rotations))]
    public void A_class_has_limits_for_rotation_only_where_no_key_breaks_them(int? days, int? minimum, int statements, string why)
    {
        var guards = new GuardsSpec { KeepKeysInUse = new KeepKeysInUseSpec { Days = 30 }, MinimumPendingDeletionWindowDays = 14, RotationPeriodDays = new RotationPeriodLimitsSpec { Minimum = 180 } };
        var policy = Rendered("s3", PolicyPreset.Canonical);
        foreach (var guard in GuardStatements.Of(guards))
            policy["Statement"]!.AsArray().Add(JsonNode.Parse(guard.GetRawText()));

        var (draft, key) = Draft(Key("s3", policy) with { DeletionWindowDays = 7, Rotation = days is null ? null : new ForeignRotation(true, days) });

        var spec = draft.Classes.Single().Spec;
        Assert.Equal((30, 14, minimum), (spec.Guards!.KeepKeysInUse!.Days, spec.Guards.MinimumPendingDeletionWindowDays, spec.Guards.RotationPeriodDays?.Minimum));
        Assert.Equal(14, spec.PendingDeletionWindowDays);
        Assert.True((key.Spec.Policy?.AdditionalStatements?.Count ?? 0) == statements, why);
        Assert.True(draft.Keys.Single().Draft.KeepsPolicy && draft.Left.Count == 0, why);
    }

    // what a replica has that its primary has not, how its manifest says it, what the report says, why
    public static TheoryData<string, string, string, string> Replicas => new()
    {
        { "the same", "null null", "what the primary has, for this Region", "nothing is said twice" },
        { "another user", "access null", "the policy of service s3", "access of its own" },
        { "nobody", "access null", "the policy of service s3", "an empty access, which takes the primary's away" },
        { "a statement", "null policy", "the policy of service s3 and 1 statement of its own", "a statement of its own" },
        { "Scoped", "null policy", "preset Scoped, the policy of service s3", "another preset" },
        { "another service", "null override", "policy.override, the whole document", "a replica cannot choose its service" },
    };

    [Theory]
    [MemberData(nameof(Replicas))]
    public void A_replica_says_of_its_policy_what_differs_from_its_primary_s(string what, string fields, string words, string why)
    {
        var request = new PolicyRequest
        {
            Region = "eu-west-1",
            AccountId = "123456789012",
            Service = what == "another service" ? "sqs" : "s3",
            Preset = what == "Scoped" ? PolicyPreset.Scoped : PolicyPreset.Canonical,
            Administrators = ["arn:aws:iam::123456789012:role/Admin"],
            Users = what == "nobody" ? [] : [$"arn:aws:iam::123456789012:role/{(what == "another user" ? "Reader" : "App")}"],
            AdditionalStatements = what == "a statement" ? [JsonElement.Parse("""{"Sid":"Far","Effect":"Deny","Principal":"*","Action":"kms:Decrypt","Resource":"*"}""")] : [],
        };
        var primary = Key("s3", Rendered("s3", PolicyPreset.Canonical)) with { MultiRegion = true };
        var replica = primary with { Arn = primary.Arn.Replace("us-east-1", "eu-west-1", StringComparison.Ordinal), PrimaryArn = primary.Arn, Policy = PolicyRenderer.Render(request).Text };

        var drafted = ImportDrafting.Draft(new ForeignKeys { Keys = [primary, replica] }, null).Keys[1];

        var spec = ((KeyReplica)drafted.Draft.Resource).Spec;
        Assert.True(drafted.Draft.KeepsPolicy, why);
        Assert.Equal(words, drafted.Policy);
        Assert.Equal(fields, $"{(spec.Access is null ? "null" : "access")} {(spec.Policy is null ? "null" : spec.Policy.Override is null ? "policy" : "override")}");
        var reasons = drafted.Notes.Where(note => note.StartsWith("policy.", StringComparison.Ordinal)).ToArray();
        Assert.Equal(what switch
        {
            "a statement" => ["policy.additionalStatements, because no generated policy that fits has \"Far\""],
            "another service" => ["policy.override, because the policy of service s3 does not fit, since its \"ViaService\" is not in this one"],
            _ => (string[])[],
        }, reasons);
    }

    private static (ImportDraft Draft, ServiceKey Key) Draft(string service, PolicyPreset preset, (string, string)? parameter, string? organization, string trusted)
    {
        var policy = Rendered(service, preset, parameter, organization, trusted);
        return Draft(Key(service, policy));
    }

    private static (ImportDraft Draft, ServiceKey Key) Draft(ForeignKey key)
    {
        var draft = ImportDrafting.Draft(new ForeignKeys { Keys = [key] }, null);
        return (draft, (ServiceKey)draft.Keys.Single().Draft.Resource);
    }

    private static ForeignKey Key(string service, JsonNode policy)
    {
        var limits = ServiceCatalogue.Services[service].Limits;
        return new ForeignKey
        {
            Arn = Arn(1),
            ServiceHint = service,
            Policy = policy.ToJsonString(),
            Aliases = limits.NoAlias ? [] : [$"alias/acme/{service}"],
            KeySpec = limits.KeySpec,
            KeyUsage = limits.KeyUsage,
        };
    }

    private static string Arn(int id) => $"arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-{id:000000000000}";

    internal static JsonNode Rendered(string service, PolicyPreset preset, (string Field, string Value)? parameter = null, string? organization = null, string trusted = "")
    {
        var limits = ServiceCatalogue.Services[service].Limits;
        return JsonNode.Parse(PolicyRenderer.Render(new PolicyRequest
        {
            Region = "us-east-1",
            AccountId = "123456789012",
            Service = service,
            Preset = preset,
            Actions = limits.Actions,
            Parameters = parameter is var (field, value) ? new Dictionary<string, IReadOnlyList<string>> { [field] = [value] } : new Dictionary<string, IReadOnlyList<string>>(),
            Organization = organization,
            Administrators = ["arn:aws:iam::123456789012:role/Admin"],
            Users = ["arn:aws:iam::123456789012:role/App"],
            TrustedAccounts = trusted.Length > 0 ? [trusted] : [],
            CrossAccountViaService = trusted.Length > 0,
            AdditionalStatements = GuardStatements.Of(new GuardsSpec { OnlyOrganization = organization }),
        }).Text)!;
    }

    private static JsonNode Root(string principal, string action, string version = "2012-10-17") => JsonNode.Parse(
        $$$"""{"Version":"{{{version}}}","Statement":[{"Effect":"Allow","Principal":{"AWS":"{{{principal}}}"},"Action":"{{{action}}}","Resource":"*"}]}""")!;

    private static JsonNode With(JsonNode policy, string statement)
    {
        policy["Statement"]!.AsArray().Add(JsonNode.Parse(statement));
        return policy;
    }

    private static JsonNode Without(JsonNode policy, string sid)
    {
        policy["Statement"]!.AsArray().RemoveAll(statement => (string?)statement!["Sid"] == sid);
        return policy;
    }
}

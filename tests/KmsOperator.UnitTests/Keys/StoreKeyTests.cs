using System.Net;
using Amazon.KeyManagementService.Model;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.ApiServer;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>Keys that KMS has made, and whose id the API server does not take at once.</summary>
public sealed class StoreKeyTests
{
    public static TheoryData<string, string> Obstacles => new()
    {
        { "changed", "somebody else has changed the resource meanwhile, and the id belongs to it all the same" },
        { "unavailable", "the API server does not answer, and the process knows the key until it does" },
        { "deleted", "the resource is being deleted meanwhile, and its key must not be forgotten" },
        { "made again", "another resource has the name meanwhile, and takes the key over by its tags" },
    };

    [Theory]
    [MemberData(nameof(Obstacles))]
    public async Task The_one_key_is_stored_later(string obstacle, string why)
    {
        using var scenario = await Scenario.StartAsync();
        var met = 0;
        scenario.Operator.Connection.Before = (request, _) =>
        {
            if (!StoresKey(request) || met++ > 0)
                return Task.CompletedTask;
            if (obstacle == "unavailable")
                throw new KubernetesApiException(HttpStatusCode.ServiceUnavailable, "ServiceUnavailable", "the server is starting");
            if (obstacle == "deleted")
                scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
            else if (obstacle == "made again")
                MakeAgain(scenario);
            else
                scenario.User.Annotate("ServiceKey", Scenario.Id("ServiceKey", "one"), "example.com/note", "changed");
            return Task.CompletedTask;
        };

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();

        Assert.True(met > 0, why);
        Assert.Equal(1, await scenario.CallsAsync("CreateKey"));
        if (obstacle == "deleted")
        {
            Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
            Assert.NotNull((await scenario.Aws.KeyAsync())["tags"]!["servicekey.dev/released"]);
            return;
        }

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal((string?)(await scenario.Aws.KeyAsync())["keyId"], scenario.Status("ServiceKey", "one", "keyId"));
        Assert.Equal(["alias/acme/s3"], Scenario.Aliases(await scenario.Aws.KeyAsync()));
    }

    [Fact]
    public async Task A_key_whose_resource_names_another_one_meanwhile_is_found_by_its_tags()
    {
        using var scenario = await Scenario.StartAsync();
        var other = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest(), TestContext.Current.CancellationToken)).KeyMetadata;
        var met = 0;
        scenario.Operator.Connection.Before = (request, _) =>
        {
            if (StoresKey(request) && met++ == 0)
                scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), $$$"""{"status": {"keyId": "{{{other.KeyId}}}", "arn": "{{{other.Arn}}}"}}""", "status");
            return Task.CompletedTask;
        };

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();

        Assert.True(met > 0);
        scenario.AssertReady("ServiceKey", "one");
        Assert.NotEqual(other.KeyId, scenario.Status("ServiceKey", "one", "keyId"));
        Assert.Equal(2, await scenario.CallsAsync("CreateKey"));
        var left = (await scenario.Aws.KeysAsync()).Single(key => (string?)key["keyId"] == other.KeyId);
        Assert.Empty(left["tags"]!.AsObject());
    }

    [Fact]
    public async Task A_key_whose_record_somebody_erased_meanwhile_is_found_by_its_tags()
    {
        using var scenario = await Scenario.StartAsync();
        var met = 0;
        scenario.Operator.Connection.Before = (request, _) =>
        {
            if (StoresKey(request) && met++ == 0)
                scenario.EraseStatus("ServiceKey", "one");
            return Task.CompletedTask;
        };

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();

        Assert.True(met > 0);
        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(1, await scenario.CallsAsync("CreateKey"));
    }

    [Fact]
    public async Task The_resource_whose_status_is_erased_finds_its_key_and_does_not_rotate_it_again()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/rotate-at", "now");
        await scenario.RestAsync();
        var keyId = scenario.Status("ServiceKey", "one", "keyId");

        scenario.EraseStatus("ServiceKey", "one");
        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(keyId, scenario.Status("ServiceKey", "one", "keyId"));
        Assert.Equal(1, await scenario.CallsAsync("CreateKey"));
        Assert.Equal(1, await scenario.CallsAsync("RotateKeyOnDemand"));
    }

    [Theory]
    [InlineData("new", "the attempt is on record")]
    [InlineData("taken", "the resource took the key back from an earlier one of its name")]
    [InlineData("finalizer", "somebody took the finalizer off, and it was put back")]
    public async Task A_resource_whose_status_is_erased_makes_no_key_where_its_class_leads_by_then(string how, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        if (how == "taken")
        {
            await scenario.DeleteAsync("ServiceKey", "one");
            await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        }
        else if (how == "finalizer")
        {
            scenario.User.Patch("ServiceKey", Scenario.Id("ServiceKey", "one"), """{"metadata": {"finalizers": null}}""");
        }

        await scenario.RestAsync();
        scenario.Operator.Kill();
        scenario.EraseStatus("ServiceKey", "one");
        scenario.User.Patch("KeyClass", Scenario.Id("KeyClass", "standard"), "{spec: {region: eu-west-1}}");
        scenario.Operator.Start();
        await scenario.RestAsync();

        Assert.True(await scenario.CallsAsync("CreateKey") == 1, why);
        scenario.User.Patch("KeyClass", Scenario.Id("KeyClass", "standard"), "{spec: {region: us-east-1}}");
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal((string?)(await scenario.Aws.KeyAsync())["keyId"], scenario.Status("ServiceKey", "one", "keyId"));
    }

    /// <summary>Somebody takes the finalizer off, deletes the resource and makes it again.</summary>
    private static void MakeAgain(Scenario scenario)
    {
        var id = Scenario.Id("ServiceKey", "one");
        scenario.User.Patch("ServiceKey", id, """{"metadata": {"finalizers": null}}""");
        scenario.User.Delete("ServiceKey", id);
        scenario.User.Apply(Scenario.Key("one", "service: s3"), Scenario.Namespace);
    }

    private static bool StoresKey(ApiRequest request) =>
        request is { Verb: "apply", Plural: "servicekeys", Subresource: "status" } && request.Body?["status"]?["keyId"] is not null;
}

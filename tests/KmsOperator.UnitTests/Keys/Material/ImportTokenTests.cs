using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Material;

/// <summary>A token of GetParametersForImport is valid for 24 hours and for one key; KMS may refuse it by the time that the material arrives.</summary>
/// <remarks>Source: AWS KMS API reference, GetParametersForImport and ImportKeyMaterial.</remarks>
public sealed class ImportTokenTests
{
    [Theory]
    [InlineData("ExpiredImportTokenException", "the operator was stopped between both calls")]
    [InlineData("InvalidImportTokenException", "the token was for an earlier wrapping key")]
    public async Task A_token_that_KMS_refuses_is_replaced_by_a_new_one(string error, string why)
    {
        using var scenario = await MaterialScenario.StartAsync();
        scenario.PutSecret(MaterialScenario.First);
        scenario.Operator.Kill();
        scenario.Operator.Start(new OperatorWiring { Aws = handler => new RefusingHandler(handler, "ImportKeyMaterial", error) });

        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material()));
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.True((2, 1) == (await scenario.CallsAsync("GetParametersForImport"), await scenario.CallsAsync("ImportKeyMaterial")), why);
        Assert.Equal(1, await scenario.CallsAsync("CreateKey"));
    }
}

using System.Net;
using System.Text;
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
        scenario.Operator.Start(new OperatorWiring { Aws = handler => new RefusesOneImport(handler, error) });

        await scenario.ApplyAsync(Scenario.Key("one", MaterialScenario.Origin, MaterialScenario.Material()));
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.True((2, 1) == (await scenario.CallsAsync("GetParametersForImport"), await scenario.CallsAsync("ImportKeyMaterial")), why);
        Assert.Equal(1, await scenario.CallsAsync("CreateKey"));
    }

    private sealed class RefusesOneImport(HttpMessageHandler inner, string error) : DelegatingHandler(inner)
    {
        private bool _hasRefused;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (_hasRefused || !request.Headers.TryGetValues("X-Amz-Target", out var target) || target.Single() != "TrentService.ImportKeyMaterial")
                return base.SendAsync(request, cancellationToken);
            _hasRefused = true;
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.BadRequest)
            {
                RequestMessage = request,
                Content = new StringContent($$"""{"__type": "{{error}}", "message": "The import token is refused."}""", Encoding.UTF8, "application/x-amz-json-1.1"),
            });
        }
    }
}

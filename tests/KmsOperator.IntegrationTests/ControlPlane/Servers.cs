namespace KmsOperator.IntegrationTests.ControlPlane;

/// <summary>The trait of the tests that <c>hack/test.sh</c> runs a second time, on the oldest server that is supported.</summary>
public static class Servers
{
    public const string Trait = "Server";

    /// <summary>Runs on a server without CEL as well, where its behaviour is another or was.</summary>
    public const string Old = "Old";
}

using Amazon.KeyManagementService;
using Amazon.Runtime;
using KmsSimulator;

namespace KmsOperator.IntegrationTests.Simulator;

/// <summary>Clients with which tests act past the operator.</summary>
internal static class SimulatorClients
{
    /// <summary>KMS of the simulator's default account.</summary>
    public static AmazonKeyManagementServiceClient Kms(this SimulatorHost simulator, string region = "us-east-1") => new(
        new BasicAWSCredentials("test", "test"), new AmazonKeyManagementServiceConfig { ServiceURL = simulator.Url, AuthenticationRegion = region });
}

using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Kubernetes;

namespace KmsOperator.Commands;

/// <summary>Connects a verb to a cluster, and says what went wrong in one sentence.</summary>
internal static class ClusterAccess
{
    /// <summary>Does something with a cluster.</summary>
    /// <param name="connect">Connects; null when there is no configuration.</param>
    /// <param name="errors">Where errors go.</param>
    /// <param name="action">What to do.</param>
    /// <returns>The exit code of the action; 1 when the cluster cannot be used.</returns>
    public static async Task<int> UseAsync(Func<KubernetesApi?> connect, TextWriter errors, Func<KubernetesApi, Task<int>> action)
    {
        try
        {
            WebIdentity.Register();
            using var api = connect();
            if (api is not null)
            {
                return await action(api);
            }

            await errors.WriteLineAsync("There is no kubeconfig: set KUBECONFIG to a file, or run in a pod.");
        }
        catch (StartFailedException e)
        {
            await errors.WriteLineAsync(e.Message);
        }
        catch (Exception e) when (e is KubernetesApiException or HttpRequestException or IOException or TimeoutException)
        {
            await errors.WriteLineAsync($"The API server: {e.Message}");
        }

        return ExitCodes.Failure;
    }
}

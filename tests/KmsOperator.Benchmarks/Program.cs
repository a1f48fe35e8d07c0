using System.Globalization;
using KmsOperator.Benchmarks;

// Driven by hack/bench.sh, which starts the servers and the operator:
//   create NAMESPACE COUNT CLASS...   makes ServiceKeys, the same number for each class, and waits until all are Ready
//   add NAMESPACE COUNT CLASS...      the same without waiting
//   compare NAMESPACE                 asks for a full comparison of all keys and waits for it
//   write NAMESPACE COUNT             bare status writes by the same client, at the same concurrency
// Each prints the milliseconds that it took.
//   hostile NAMESPACE COUNT DIRECTORY CLASS...   writes manifests of ServiceKeys that mean harm, for kubectl
//   terraform URL RENDERED CLUSTER STATE         makes the keys that render describes on a simulator, and writes Terraform's state of them
if (args is ["terraform", var url, var rendered, var cluster, var state])
{
    await TerraformKeys.WriteAsync(url, rendered, cluster, state);
    return 0;
}

if (args is not [var verb, var @namespace, .. var rest])
{
    Console.Error.WriteLine("usage: create|add NAMESPACE COUNT CLASS... | compare NAMESPACE | write NAMESPACE COUNT | hostile NAMESPACE COUNT DIRECTORY CLASS... | terraform URL RENDERED CLUSTER STATE");
    return 64;
}

if (verb == "hostile")
{
    await HostileKeys.WriteAsync(rest[1], @namespace, Count(), rest[2..]);
    return 0;
}

using var load = new Load(@namespace, TimeProvider.System);
var elapsed = verb switch
{
    "create" => await load.CreateAsync(Count(), rest[1..]),
    "add" => await load.AddAsync(Count(), rest[1..]),
    "compare" => await load.CompareAsync(),
    "write" => await load.WriteAsync(Count()),
    _ => throw new ArgumentException($"{verb} is none of create, add, compare, write"),
};
Console.WriteLine(((long)elapsed.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
return 0;

int Count() => int.Parse(rest[0], CultureInfo.InvariantCulture);

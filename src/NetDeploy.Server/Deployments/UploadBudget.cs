namespace NetDeploy.Server.Deployments;

/// <summary>
/// How many bytes of logs one deployment may upload, so that who holds one token cannot fill the bulk store. In memory: a restart of the
/// server, which no machine can cause, begins anew. Accounts are bounded; the one opened first goes first.
/// </summary>
internal sealed class UploadBudget
{
    /// <summary>Eight whole logs: a deployment boots a few times, and a boot that fails uploads one.</summary>
    public const long PerDeployment = 32L << 20;

    /// <summary>A small upload counts as this much: each costs a file, a sync and a line of the timeline.</summary>
    public const long LeastCharge = 256 << 10;

    /// <summary>Deployments whose uploads are counted.</summary>
    public const int Accounts = 16384;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Account> _accounts = new(StringComparer.Ordinal);
    private readonly Queue<string> _opened = new();

    /// <summary>False, and nothing taken, where the rest is smaller.</summary>
    public bool TryTake(string deploymentId, long bytes)
    {
        lock (_lock)
        {
            var account = AccountOf(deploymentId);
            var charge = Math.Max(bytes, LeastCharge);
            if (account.Used + charge > PerDeployment)
            {
                return false;
            }

            account.Used += charge;
            return true;
        }
    }

    /// <summary>What was taken was not stored.</summary>
    public void GiveBack(string deploymentId, long bytes)
    {
        lock (_lock)
        {
            var account = AccountOf(deploymentId);
            account.Used = Math.Max(0, account.Used - Math.Max(bytes, LeastCharge));
        }
    }

    /// <summary>True once: the caller says in the timeline that the deployment's uploads are refused from now on.</summary>
    public bool TryTell(string deploymentId)
    {
        lock (_lock)
        {
            var account = AccountOf(deploymentId);
            return !account.Told && (account.Told = true);
        }
    }

    /// <summary>It could not be said: the next refusal says it.</summary>
    public void Untell(string deploymentId)
    {
        lock (_lock)
        {
            AccountOf(deploymentId).Told = false;
        }
    }

    private Account AccountOf(string deploymentId)
    {
        if (!_accounts.TryGetValue(deploymentId, out var account))
        {
            if (_opened.Count >= Accounts)
            {
                _accounts.Remove(_opened.Dequeue());
            }

            _opened.Enqueue(deploymentId);
            _accounts.Add(deploymentId, account = new Account());
        }

        return account;
    }

    private sealed class Account
    {
        public long Used { get; set; }

        public bool Told { get; set; }
    }
}

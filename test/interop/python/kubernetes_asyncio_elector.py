"""Takes part in an election by the leader election of the package `kubernetes_asyncio`.

It has no release: to stop is to end the process, and the lease runs out.
"""

import asyncio
import logging
import signal

from kubernetes_asyncio import config
from kubernetes_asyncio.client.api_client import ApiClient
from kubernetes_asyncio.leaderelection import electionconfig, leaderelection
from kubernetes_asyncio.leaderelection.resourcelock.configmaplock import ConfigMapLock
from kubernetes_asyncio.leaderelection.resourcelock.leaselock import LeaseLock

from work import SIGN_EVERY_SECONDS, Observed, Signs, arguments, say

LOCKS = {"lease": LeaseLock, "configmap": ConfigMapLock}


async def main(given):
    term = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, term.set)

    async def lead():
        """The elector cancels this when it has lost the lock, but not when it is cancelled itself."""
        signs = Signs(given.record)
        signs.leave()
        say("leading", given.identity)
        try:
            while not term.is_set():
                await asyncio.sleep(SIGN_EVERY_SECONDS)
                signs.leave()
        finally:
            signs.leave()
            say("stopped", given.identity)

    async def stopped():
        pass

    async def watch(election):
        observed = Observed(election)
        while True:
            observed.look()
            await asyncio.sleep(0.02)

    await config.load_kube_config(config_file=given.kubeconfig)
    async with ApiClient() as api:
        election = leaderelection.LeaderElection(
            electionconfig.Config(
                LOCKS[given.kind](given.name, given.namespace, given.identity, api),
                lease_duration=given.lease_duration,
                renew_deadline=given.renew_deadline,
                retry_period=given.retry_period,
                onstarted_leading=lead,
                onstopped_leading=stopped,
            )
        )
        watching = asyncio.create_task(watch(election))
        running = asyncio.create_task(election.run())
        stopping = asyncio.create_task(term.wait())
        await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in (watching, stopping, running):
            task.cancel()
        if not term.is_set():
            running.result()  # raises what has ended the election


logging.basicConfig(level=logging.INFO)
asyncio.run(main(arguments()))

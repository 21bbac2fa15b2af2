<?xml version="1.0" encoding="UTF-8"?>
<TestSuiteCollectionEntity>
   <name>Nightly</name>
   <testSuiteRunConfigurations>
      <TestSuiteRunConfiguration>
         <runEnabled>true</runEnabled>
         <testSuiteEntity>Test Suites/Smoke</testSuiteEntity>
      </TestSuiteRunConfiguration>
   </testSuiteRunConfigurations>
</TestSuiteCollectionEntity>
